"""`flask --app run demo`: a site to look around in, or to measure."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from itertools import islice
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import func, insert, select, update

from flaskblog import rules, schema
from flaskblog.database import now
from flaskblog.demo import DemoPost, Person, people, posts
from flaskblog.extensions import db
from flaskblog.models import Post, User

BATCH = 2000
BATCHES_AHEAD = 4
# bcrypt makes no such hash: nobody can log in as an invented person.
NO_HASH = "!"


@click.command()
@click.option("--people", "people_count", type=click.IntRange(1), default=50, show_default=True)
@click.option("--posts", "posts_count", type=click.IntRange(0), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same site.")
@with_appcontext
def demo(people_count: int, posts_count: int, seed: int) -> None:
    """Fill the site with invented people and posts. Nobody can log in as one of them."""
    time = now()
    newcomers = _newcomers(people_count, seed, time)
    _fill(User, (_user_row(person) for person in newcomers), people_count, "People")
    keys = [rules.username_key(person.username) for person in newcomers]
    ids = _ids(keys)
    joined = [person.joined_at for person in newcomers]
    written = posts(posts_count, joined=joined, seed=seed, now=time)
    with ProcessPoolExecutor() as renderers:
        rows = (
            row | {"author_id": ids[keys[author]]}
            for author, row in _in_parallel(renderers, written)
        )
        _fill(Post, rows, posts_count, "Posts")
    own = select(func.count(Post.id)).where(Post.author_id == User.id, Post.deleted_at.is_(None))
    db.session.execute(
        update(User)
        .where(User.id.in_(select(Post.author_id).distinct()))
        .values(posts_count=own.scalar_subquery())
    )
    db.session.commit()
    schema.survey(db.engine)
    click.echo(f"The site has {people_count:,} more people and {posts_count:,} more posts.")


def _newcomers(count: int, seed: int, time: datetime) -> list[Person]:
    """Invented people whose names and addresses nobody on the site has yet."""
    here = db.session.scalar(select(func.count(User.id))) or 0
    names = set(db.session.scalars(select(User.username_key)))
    addresses = set(db.session.scalars(select(User.email_key)))
    found = [
        person
        for person in people(count + 2 * here, seed=seed, now=time)
        if rules.username_key(person.username) not in names
        and rules.email_key(person.email) not in addresses
    ]
    return found[:count]


def _user_row(person: Person) -> dict[str, Any]:
    return {
        "username": person.username,
        "username_key": rules.username_key(person.username),
        "email": person.email,
        "email_key": rules.email_key(person.email),
        "password_hash": NO_HASH,
        "created_at": person.joined_at,
    }


def _in_parallel(
    renderers: ProcessPoolExecutor, written: Iterator[DemoPost]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Rows in the order of their posts, never more than some batches ahead of who takes them."""
    pending: deque[Future[list[tuple[int, dict[str, Any]]]]] = deque()
    while batch := list(islice(written, BATCH)):
        pending.append(renderers.submit(_post_rows, batch))
        if len(pending) > BATCHES_AHEAD:
            yield from pending.popleft().result()
    while pending:
        yield from pending.popleft().result()


def _post_rows(written: list[DemoPost]) -> list[tuple[int, dict[str, Any]]]:
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
        for post in written
    ]


def _ids(keys: list[str]) -> dict[str, int]:
    wanted = set(keys)
    rows = db.session.execute(select(User.username_key, User.id))
    return {key: user_id for key, user_id in rows if key in wanted}


def _fill(model: type[User | Post], rows: Iterator[dict[str, Any]], count: int, label: str) -> None:
    with click.progressbar(length=count, label=label) as bar:
        while batch := list(islice(rows, BATCH)):
            db.session.execute(insert(model), batch)
            db.session.commit()
            bar.update(len(batch))
