"""Loaders of posts, one for each permission."""

from typing import NoReturn

from flask import abort

from flaskblog.extensions import db
from flaskblog.models import Post, User


def visible_post_or_404(post_id: int) -> Post:
    """Or 410 if it has been deleted."""
    post: Post | None = db.session.scalar(Post.visible().where(Post.id == post_id))
    return post or abort_missing(post_id)


def abort_missing(post_id: int) -> NoReturn:
    """Abort with 410 for a deleted post, which search engines and feed readers forget, or 404."""
    abort(410 if Post.has_existed(post_id) else 404)


def editable_post_or_403(post_id: int, user: User) -> Post:
    """Or 404 or 410 if there is no such post."""
    post = visible_post_or_404(post_id)
    if not post.is_editable_by(user):
        abort(403)
    return post


def deletable_post_or_403(post_id: int, user: User) -> Post:
    """Or 404 or 410 if there is no such post."""
    post = visible_post_or_404(post_id)
    if not post.is_deletable_by(user):
        abort(403)
    return post
