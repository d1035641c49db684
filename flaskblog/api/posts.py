"""Posts in the API."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, abort, request, url_for
from flask.views import MethodView
from sqlalchemy import Select
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.api.blueprint import (
    ETAG,
    LINK,
    LOCATION,
    bp,
    conditional_get,
    conditional_write,
    idempotent,
    problems,
)
from flaskblog.api.etags import abort_stale, check_unchanged, respond
from flaskblog.api.pagination import PostsQuery, page_of_posts
from flaskblog.api.schemas import PostDeletionSchema, PostInputSchema, PostSchema, PostsSchema
from flaskblog.api.tokens import member, token_optional, token_required
from flaskblog.extensions import db
from flaskblog.models import Post, User
from flaskblog.models.post import KEY_LENGTH
from flaskblog.posts.access import (
    deletable_post_or_403,
    editable_post_or_403,
    visible_post_or_404,
)
from flaskblog.posts.limits import limit_edits, limit_posting, require_storage
from flaskblog.posts.publishing import AlreadyPublishedError, publish

RESTORABLE = (
    "Its author can restore it on the site within 30 days, unless an admin has deleted it; the "
    "author can then read the `reason`."
)
POST, POSTS = PostSchema(), PostsSchema()


def _editable(view: Callable[..., Response]) -> Callable[..., Response]:
    """Load the post, or return 403 or 404 before the body is validated."""

    @wraps(view)
    def authorized(self: MethodView, post_id: int) -> Response:
        return view(self, post=editable_post_or_403(post_id, member()))

    return authorized


def _deletable(view: Callable[..., Response]) -> Callable[..., Response]:
    """As `_editable`, for a deletion."""

    @wraps(view)
    def authorized(self: MethodView, post_id: int) -> Response:
        return view(self, post=deletable_post_or_403(post_id, member()))

    return authorized


def _member_key() -> str:
    return str(member().id)


@bp.route("/posts", endpoint="posts")
class Posts(MethodView):
    @token_optional
    @conditional_get("listPosts")
    @problems(422)
    @bp.arguments(PostsQuery, location="query")
    @bp.response(200, PostsSchema, headers=LINK | ETAG)
    def get(self, query: dict[str, Any]) -> Response:
        """List posts, newest first"""
        posts, total = _posts_by(query["author"]) if "author" in query else _all_posts()
        page, links = page_of_posts(posts, total, query)
        return respond(POSTS.dump(page), Link=links)

    @token_required
    @idempotent("createPost")
    @problems(400, 409, 413, 415, 422, 429)
    @bp.arguments(PostInputSchema)
    @bp.response(201, PostSchema, headers=LOCATION | ETAG)
    @limit_posting(_member_key)
    def post(self, fields: dict[str, str]) -> Response:
        """Create a post"""
        key = _idempotency_key()
        if key and (earlier := db.session.scalar(Post.by_key(member(), key))):
            return _repeated(earlier, fields)
        try:
            post_id = publish(member(), fields["title"], fields["content"], key)
        except AlreadyPublishedError as published:
            return _repeated(published.post, fields)
        return _created(visible_post_or_404(post_id))


@bp.route("/posts/<id:post_id>", endpoint="post")
class OnePost(MethodView):
    @token_optional
    @conditional_get("getPost")
    @problems(404, 410, 422)
    @bp.response(200, PostSchema, headers=ETAG)
    def get(self, post_id: int) -> Response:
        """Get a post"""
        return respond(POST.dump(visible_post_or_404(post_id)))

    @token_required
    @_editable
    @conditional_write("replacePost")
    @problems(400, 403, 404, 409, 410, 412, 413, 415, 422, 429)
    @bp.arguments(PostInputSchema)
    @bp.response(200, PostSchema, headers=ETAG)
    @limit_edits(_member_key)
    def put(self, fields: dict[str, str], post: Post) -> Response:
        """Replace a post's title and content"""
        return _revise(post, fields)

    @token_required
    @_editable
    @conditional_write("changePost")
    @problems(400, 403, 404, 409, 410, 412, 413, 415, 422, 429)
    @bp.arguments(PostInputSchema(partial=True))
    @bp.response(200, PostSchema, headers=ETAG)
    @limit_edits(_member_key)
    def patch(self, fields: dict[str, str], post: Post) -> Response:
        """Update a post's title or content"""
        return _revise(post, fields)

    @token_required
    @_deletable
    @conditional_write("deletePost", RESTORABLE)
    @problems(400, 403, 404, 409, 410, 412, 413, 415, 422)
    @bp.arguments(PostDeletionSchema, required=False)
    @bp.response(204)
    def delete(self, fields: dict[str, str], post: Post) -> Response:
        """Delete a post"""
        check_unchanged(POST.dump(post))
        post.delete(member(), fields.get("reason", ""))
        _commit()
        return Response(status=204)


def _all_posts() -> tuple[Select[Post], int]:
    _, total = db.session.execute(*User.totals()).one()
    return Post.newest_first(), total


def _posts_by(author: str) -> tuple[Select[Post], int]:
    """An empty list for an unknown author."""
    user = db.session.scalar(User.by_id_or_username(author))
    posts = Post.newest_first().where(Post.author_id == (user.id if user else None))
    return posts, user.posts_count if user else 0


def _revise(post: Post, fields: dict[str, str]) -> Response:
    require_storage(post.author)
    check_unchanged(POST.dump(post))
    post.revise(fields.get("title", post.title), fields.get("content", post.content))
    _commit()
    return respond(POST.dump(post))


def _commit() -> None:
    try:
        db.session.commit()
    except StaleDataError:
        db.session.rollback()
        abort_stale()


def _created(post: Post) -> Response:
    return respond(POST.dump(post), 201, Location=url_for("api.post", post_id=post.id))


def _repeated(post: Post, fields: dict[str, str]) -> Response:
    """Return the post that the first request with this key created; 409 for other text."""
    if post.deleted_at:
        abort(409, "The post created with this Idempotency-Key has been deleted.")
    if not post.edited_at and not post.has_same_text(**fields):
        abort(409, "This Idempotency-Key was already used with different content. Use a new one.")
    return _created(post)


def _idempotency_key() -> str | None:
    """The key of the client, hashed and prefixed so that it differs from keys of forms."""
    sent = request.headers.get("Idempotency-Key")
    return ("api." + hashlib.sha256(sent.encode()).hexdigest())[:KEY_LENGTH] if sent else None
