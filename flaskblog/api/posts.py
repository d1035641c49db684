"""What people write."""

import hashlib
from typing import Any

from flask import Response, abort, request, url_for
from flask.views import MethodView
from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.api.blueprint import ETAG, LINK, LOCATION, api, changes, makes, problems, reads
from flaskblog.api.conditions import answer, check_unchanged, lost_race
from flaskblog.api.lists import PostsQuery, page_of_posts
from flaskblog.api.schemas import PostInputSchema, PostSchema, PostsSchema
from flaskblog.api.tokens import member, token_optional, token_required
from flaskblog.extensions import db, limiter
from flaskblog.models import Post, User
from flaskblog.models.post import KEY_LENGTH

POST, POSTS = PostSchema(), PostsSchema()


@api.route("/posts", endpoint="posts")
class Posts(MethodView):
    @token_optional
    @reads("listPosts")
    @problems(422)
    @api.arguments(PostsQuery, location="query")
    @api.response(200, PostsSchema, headers=LINK | ETAG)
    def get(self, asked: dict[str, Any]) -> Response:
        """Read the newest posts"""
        posts, total = _posts_of(asked["author"]) if "author" in asked else _all_posts()
        page, links = page_of_posts(posts, total, asked)
        return answer(POSTS.dump(page), Link=links)

    @token_required
    @makes("createPost")
    @problems(400, 409, 413, 415, 422, 429)
    @api.arguments(PostInputSchema)
    @api.response(201, PostSchema, headers=LOCATION | ETAG)
    @limiter.shared_limit("30 per hour", "posting", key_func=lambda: str(member().id))
    def post(self, words: dict[str, str]) -> Response:
        """Write a post"""
        key = _key()
        if key and (earlier := db.session.scalar(Post.sent_from(member(), key))):
            return _answer_again(earlier, words)
        try:
            post_id = Post.publish(db.session.connection(), member(), key=key, **words)
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            return _answer_again(
                db.session.scalars(Post.sent_from(member(), key or "")).one(), words
            )
        return _made(_living(post_id))


@api.route("/posts/<id:post_id>", endpoint="post")
class OnePost(MethodView):
    @token_optional
    @reads("getPost")
    @problems(404)
    @api.response(200, PostSchema, headers=ETAG)
    def get(self, post_id: int) -> Response:
        """Read a post"""
        return answer(POST.dump(_living(post_id)))

    @token_required
    @changes("replacePost")
    @problems(400, 403, 404, 409, 412, 413, 415, 422)
    @api.arguments(PostInputSchema)
    @api.response(200, PostSchema, headers=ETAG)
    def put(self, words: dict[str, str], post_id: int) -> Response:
        """Give a post another title and other content"""
        return _revise(post_id, words)

    @token_required
    @changes("changePost")
    @problems(400, 403, 404, 409, 412, 413, 415, 422)
    @api.arguments(PostInputSchema(partial=True))
    @api.response(200, PostSchema, headers=ETAG)
    def patch(self, words: dict[str, str], post_id: int) -> Response:
        """Change a post's title or its content"""
        return _revise(post_id, words)

    @token_required
    @changes("deletePost")
    @problems(403, 404, 409, 412)
    @api.response(204)
    def delete(self, post_id: int) -> Response:
        """Take a post away; its author can restore it on the site for 30 days"""
        post = _living(post_id)
        if not post.is_deletable_by(member()):
            abort(403)
        check_unchanged(POST.dump(post))
        post.delete()
        _commit()
        return Response(status=204)


def _all_posts() -> tuple[Select[Post], int]:
    _, total = db.session.execute(User.totals()).one()
    return Post.whole_newest_first(), total


def _posts_of(author: str) -> tuple[Select[Post], int]:
    """None of somebody who is not there."""
    user = db.session.scalar(User.numbered_or_named(author))
    posts = Post.whole_newest_first().where(Post.author_id == (user.id if user else None))
    return posts, user.posts_count if user else 0


def _living(post_id: int) -> Post:
    post: Post = db.first_or_404(Post.living().where(Post.id == post_id))
    return post


def _revise(post_id: int, words: dict[str, str]) -> Response:
    post = _living(post_id)
    if not post.is_editable_by(member()):
        abort(403)
    check_unchanged(POST.dump(post))
    post.revise(words.get("title", post.title), words.get("content", post.content))
    _commit()
    return answer(POST.dump(post))


def _commit() -> None:
    try:
        db.session.commit()
    except StaleDataError:
        db.session.rollback()
        lost_race()


def _made(post: Post) -> Response:
    return answer(POST.dump(post), 201, Location=url_for("api.post", post_id=post.id))


def _answer_again(post: Post, words: dict[str, str]) -> Response:
    """The request was repeated: what it made stands, unless other words are meant."""
    if post.deleted_at:
        abort(409, "This request made a post that has been deleted since.")
    if not post.edited_at and not post.says(**words):
        abort(409, "This Idempotency-Key came with other words before. Take a new one.")
    return _made(post)


def _key() -> str | None:
    """What a program calls its request, in a form that no key of a page's form has."""
    sent = request.headers.get("Idempotency-Key")
    return ("api." + hashlib.sha256(sent.encode()).hexdigest())[:KEY_LENGTH] if sent else None
