"""From the desk to the site: publishing and saving, once for each form, over nobody's words."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.differences import differences, folded
from flaskblog.drafts import keep_draft
from flaskblog.extensions import db, limiter
from flaskblog.models import Draft, Post
from flaskblog.posts.forms import PostForm


def desk(form: PostForm, post: Post | None = None, **shown: Any) -> str:
    """The page with the form, whatever is shown above it."""
    return render_template("posts/desk.html", form=form, post=post, **shown)


def publish(form: PostForm) -> ResponseReturnValue:
    """Or keep the words as a draft, and end in a 429 page that says so."""
    try:
        return _publish(form)
    except RateLimitExceeded as refused:
        keep_draft(current_user, form)
        refused.description = (
            "You published a lot in the last hour. Your words are among your drafts."
        )
        raise


@limiter.shared_limit("30 per hour", "posting", key_func=lambda: str(current_user.id))
def _publish(form: PostForm) -> ResponseReturnValue:
    author = current_user._get_current_object()
    connection = db.session.connection()
    try:
        post_id = Post.publish(
            connection, author, form.title.data, form.content.data, form.key.data
        )
        connection.execute(Draft.done(), _draft_of(form))
        db.session.commit()
    except IntegrityError:
        # The same form was sent twice: the other one made the post.
        db.session.rollback()
        return answer_again(form, db.session.scalars(Post.sent_from(author, form.key.data)).one())
    flash("Your post is published.")
    return redirect(url_for("posts.show", post_id=post_id))


def post_of(form: PostForm) -> Post | None:
    """What the form has made already."""
    post: Post | None = db.session.scalar(Post.sent_from(current_user, form.key.data))
    return post


def answer_again(form: PostForm, post: Post) -> ResponseReturnValue:
    """The same words were sent twice; other words are kept as changes to what they became."""
    if post.says(form.title.data, form.content.data):
        _drop_draft(form)
        return redirect(
            url_for("posts.deleted") if post.deleted_at else url_for("posts.show", post_id=post.id)
        )
    if post.deleted_at:
        form.begin_anew()
        return keep_as_new(form)
    form.lay_on(post)
    draft = keep_draft(current_user, form)
    flash("That post is published already. These are your changes to it, not saved yet.", "alert")
    return redirect(url_for("posts.update", post_id=post.id, draft=draft.id))


def save(form: PostForm, post: Post) -> ResponseReturnValue:
    """Unless the post has changed since it was laid on the desk."""
    is_stale = form.version.data not in {None, post.version}
    # A second click finds its own words there already.
    if is_stale and not post.says(form.title.data, form.content.data):
        return _tell_conflict(form, post)
    try:
        post.revise(form.title.data, form.content.data)
        db.session.execute(Draft.done(), _draft_of(form))
        db.session.commit()
    except StaleDataError:
        db.session.rollback()
        if post.deleted_at:
            return keep_as_new(form)
        if not post.says(form.title.data, form.content.data):
            return _tell_conflict(form, post)
        _drop_draft(form)
    flash("Your post is saved.")
    return redirect(url_for("posts.show", post_id=post.id))


def _tell_conflict(form: PostForm, post: Post) -> ResponseReturnValue:
    """Show both versions; to save again then replaces the other one knowingly."""
    form.version.data = post.version
    changes = folded(differences(post.content, form.content.data))
    return desk(form, post, changes=changes), 409


def keep_as_new(form: PostForm) -> ResponseReturnValue:
    """The post is gone, its words are not."""
    if form.says_nothing:
        abort(404)
    draft = keep_draft(current_user, form)
    flash("That post is no longer there. Your words are kept: publish them as a new one.", "alert")
    return redirect(url_for("posts.new", draft=draft.id))


def _draft_of(form: PostForm) -> dict[str, Any]:
    return {"author_id": current_user.id, "key": form.key.data}


def _drop_draft(form: PostForm) -> None:
    db.session.execute(Draft.done(), _draft_of(form))
    db.session.commit()
