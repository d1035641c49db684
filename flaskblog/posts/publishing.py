"""Publishing posts and saving edits, without duplicates and lost updates."""

from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.extensions import db
from flaskblog.models import Draft, Post, User
from flaskblog.posts.drafts import save_draft
from flaskblog.posts.forms import PostForm
from flaskblog.posts.limits import (
    limit_edits,
    limit_posting,
    member_key,
    render_editor,
    require_storage,
)
from flaskblog.text.diff import differences, fold_unchanged


class AlreadyPublishedError(Exception):
    """A post was published with the same key before: `post`, which may be deleted."""

    def __init__(self, post: Post) -> None:
        super().__init__(post.id)
        self.post = post


def publish(author: User, title: str, content: str, key: str | None = None) -> int:
    """Publish a post, delete the draft with its key, and return its id.

    Title and content have passed their rules. Raises `AlreadyPublishedError`, or `RefusedError` if
    the author has stored too much.
    """
    require_storage(author)
    try:
        post_id = Post.insert(author.id, title, content, key)
        if key:
            Draft.delete_by_key(author.id, key)
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise AlreadyPublishedError(
            db.session.scalars(Post.by_key(author, key or "")).one()
        ) from None
    return post_id


def publish_form(form: PostForm) -> ResponseReturnValue:
    """Publish a new post; above the limit, save a draft and say so."""
    try:
        post_id = _publish_within_limit(form)
    except RateLimitExceeded as refused:
        save_draft(current_user, form)
        refused.description = f"{refused.description} Your text has been saved as a draft."
        raise
    except AlreadyPublishedError as earlier:
        return resubmitted(form, earlier.post)
    flash("Your post has been published.")
    return redirect(url_for("posts.show", post_id=post_id))


@limit_edits(member_key)
def save_form(form: PostForm, post: Post) -> ResponseReturnValue:
    """Save an edit, unless the post has changed since the form was opened."""
    require_storage(post.author)
    is_stale = form.version.data not in {None, post.version}
    # After a second click, the post has the text already.
    if is_stale and not post.has_same_text(form.title.data, form.content.data):
        return _render_conflict(form, post)
    try:
        post.revise(form.title.data, form.content.data)
        Draft.delete_by_key(current_user.id, form.key.data)
        db.session.commit()
    except StaleDataError:
        db.session.rollback()
        if post.deleted_at:
            return keep_as_new_draft(form)
        if not post.has_same_text(form.title.data, form.content.data):
            return _render_conflict(form, post)
        _delete_draft(form)
    flash("Your post has been updated.")
    return redirect(url_for("posts.show", post_id=post.id))


def published_from(form: PostForm) -> Post | None:
    """Return the post that was published from this form."""
    post: Post | None = db.session.scalar(Post.by_key(current_user, form.key.data))
    return post


def resubmitted(form: PostForm, post: Post) -> ResponseReturnValue:
    """Redirect if the text is the same; save other text as a draft of an edit or of a new post."""
    if post.has_same_text(form.title.data, form.content.data):
        _delete_draft(form)
        return redirect(
            url_for("posts.deleted") if post.deleted_at else url_for("posts.show", post_id=post.id)
        )
    if post.deleted_at:
        form.detach()
        return keep_as_new_draft(form)
    form.rebase_onto(post)
    draft = save_draft(current_user, form)
    flash(
        "This post has already been published. Your changes to it are below and are not saved yet.",
        "alert",
    )
    return redirect(url_for("posts.update", post_id=post.id, draft=draft.id))


def keep_as_new_draft(form: PostForm) -> ResponseReturnValue:
    """Save the text of a deleted post as a draft of a new one; 404 if it is blank."""
    if form.is_blank:
        abort(404)
    draft = save_draft(current_user, form)
    flash(
        "This post has been deleted. Your text has been saved as a draft; "
        "you can publish it as a new post.",
        "alert",
    )
    return redirect(url_for("posts.new", draft=draft.id))


@limit_posting(member_key)
def _publish_within_limit(form: PostForm) -> int:
    author = current_user._get_current_object()
    return publish(author, form.title.data, form.content.data, form.key.data)


def _render_conflict(form: PostForm, post: Post) -> ResponseReturnValue:
    """Show both versions; saving again then replaces the other one knowingly."""
    form.version.data = post.version
    changes = fold_unchanged(differences(post.content, form.content.data))
    return render_editor(form, post, changes=changes), 409


def _delete_draft(form: PostForm) -> None:
    Draft.delete_by_key(current_user.id, form.key.data)
    db.session.commit()
