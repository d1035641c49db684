"""Rendering invented posts on all processors."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import Any

from flaskblog.demo.writing import DemoPost
from flaskblog.models import Post

BATCH = 2000
BATCHES_AHEAD = 4

Rows = list[tuple[int, dict[str, Any]]]


def rendered_rows(posts: Iterator[DemoPost]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the author and the columns of each post, in order, with a few batches in memory."""
    pending: deque[Future[Rows]] = deque()
    with ProcessPoolExecutor() as processes:
        while batch := list(islice(posts, BATCH)):
            pending.append(processes.submit(_render, batch))
            if len(pending) > BATCHES_AHEAD:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()


def _render(posts: list[DemoPost]) -> Rows:
    return [
        (
            post.author,
            {
                "title": post.title,
                "content": post.content,
                "created_at": post.created_at,
                **Post.rendered(post.content),
            },
        )
        for post in posts
    ]
