"""Limits of what a member writes, and refusals that keep the text in the editor."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from werkzeug.exceptions import Conflict

from flaskblog.extensions import db, limiter
from flaskblog.extensions.rate_limits import clear
from flaskblog.models import Post, User
from flaskblog.models.storage import MAX_STORED_BYTES, recount
from flaskblog.posts.forms import PostForm
from flaskblog.text.markdown import render
from flaskblog.web.errors import error_headers, refusal

P = ParamSpec("P")
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

STORAGE_FULL = (
    f"Your posts and their earlier versions fill the {MAX_STORED_BYTES >> 20} MiB that a member "
    "can store. Delete posts that you no longer need: they make room after 30 days."
)


class RefusedError(Conflict):
    """The text would exceed a limit of storage; the description tells what to do about it."""


def member_key() -> str:
    return str(current_user.id)


def limit_posting(key: Callable[[], str]) -> Decorator:
    """Count by member: `key` returns the id, for pages and API alike."""
    message = "You have published too many posts in the last hour."
    return limiter.shared_limit("30 per hour", "posting", key_func=key, error_message=message)


def limit_edits(key: Callable[[], str]) -> Decorator:
    message = "You have edited too many posts in the last hour."
    return limiter.shared_limit("60 per hour", "editing", key_func=key, error_message=message)


@limiter.shared_limit(
    "120 per hour",
    "previews",
    key_func=member_key,
    error_message="You have previewed too many texts in the last hour.",
)
def preview(content: str) -> str:
    """Render a text that is not published, one at a time for each member."""
    return _render_alone(content)


# The window is a lease: it ends with the preview, or by itself if the process is killed.
@limiter.shared_limit(
    "1 per 15 seconds",
    "one preview",
    key_func=member_key,
    error_message="Your previous preview is not finished yet. Wait until it is shown.",
)
def _render_alone(content: str) -> str:
    lease = limiter.current_limit
    try:
        return render(content)
    finally:
        clear(lease)


def require_storage(author: User) -> None:
    """Raise `RefusedError` if the posts of a member take up too much; may commit a recount."""
    if _has_storage(author):
        return
    recount(author.id)
    db.session.commit()
    if not _has_storage(author):
        raise RefusedError(STORAGE_FULL)


def keep_text_when_refused(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Answer a reached limit with the editor, which has the text and tells about the limit."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except (RateLimitExceeded, RefusedError) as refused:
            db.session.rollback()
            form = PostForm()
            post = own_post(current_user, form.post_id.data)
            page = render_editor(form, post, problem=refusal(refused))
            return page, refused.code, error_headers(refused)

    return guarded


def render_editor(form: PostForm, post: Post | None = None, **context: Any) -> str:
    return render_template("posts/editor.html", form=form, post=post, **context)


def own_post(author: User, post_id: int | None) -> Post | None:
    """A post that the member can edit."""
    if post_id is None:
        return None
    post: Post | None = db.session.scalar(Post.visible().where(Post.id == post_id))
    return post if post is not None and post.is_editable_by(author) else None


def _has_storage(author: User) -> bool:
    return author.stored_bytes is not None and author.stored_bytes < MAX_STORED_BYTES
