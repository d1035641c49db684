"""Loaders of posts, one for each permission."""

from flask import abort

from flaskblog.extensions import db
from flaskblog.models import Post, User


def visible_post_or_404(post_id: int) -> Post:
    post: Post = db.first_or_404(Post.visible().where(Post.id == post_id))
    return post


def editable_post_or_403(post_id: int, user: User) -> Post:
    """Or 404 if there is no such post."""
    post = visible_post_or_404(post_id)
    if not post.is_editable_by(user):
        abort(403)
    return post


def deletable_post_or_403(post_id: int, user: User) -> Post:
    """Or 404 if there is no such post."""
    post = visible_post_or_404(post_id)
    if not post.is_deletable_by(user):
        abort(403)
    return post
