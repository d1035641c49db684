"""Reading posts, their history, and taking them away."""

from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.differences import differences, folded
from flaskblog.extensions import db
from flaskblog.models import Draft, Post, Revision
from flaskblog.models.authorship import Authorship
from flaskblog.models.neighbours import with_neighbours
from flaskblog.pages import paginate, read
from flaskblog.posts.blueprint import posts
from flaskblog.posts.forms import DeleteForm
from flaskblog.shared_page import render_shared


@posts.route("/post/<id:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """Read a post."""
    return render_shared("posts/show.html", partial(_with_neighbours, post_id))


def _with_neighbours(post_id: int) -> dict[str, Any]:
    found = read(with_neighbours(), {"post_id": post_id})
    if not found:
        abort(404)
    (post,) = found
    return {"post": post, "authorship": Authorship(post.id, post.author_id)}


@posts.route("/post/<id:post_id>/history")
def history(post_id: int) -> ResponseReturnValue:
    """What every edit of a post changed, newest first."""
    edits_count = Revision.count_of(post_id).scalar_subquery()
    found = db.session.execute(
        Post.living().add_columns(edits_count).where(Post.id == post_id)
    ).one_or_none()
    if found is None:
        abort(404)
    post, counted = found
    page = paginate(Revision.edits_of(post_id), counted=counted)
    edits = [
        {
            "version": new or post,
            "old_title": old.title,
            "changes": folded(differences(old.content, (new or post).content)),
        }
        for old, new in page
    ]
    return render_template("posts/history.html", post=post, page=page, edits=edits)


@posts.route("/post/<id:post_id>/delete", methods=["GET", "POST"])
@login_required
def delete(post_id: int) -> ResponseReturnValue:
    """Name the post and ask; then take it away, to be restored for 30 days."""
    post = db.session.scalar(Post.living().where(Post.id == post_id))
    if post is None:
        # A second click finds it gone.
        db.first_or_404(Post.deleted_by(current_user).where(Post.id == post_id))
        return redirect(url_for("posts.deleted"))
    if not post.is_deletable_by(current_user):
        abort(403)
    form = DeleteForm()
    if not form.validate_on_submit():
        return render_template("posts/delete.html", form=form, post=post)
    post.delete()
    try:
        db.session.commit()
    except StaleDataError:
        # Changed, or deleted, at this moment: look again.
        db.session.rollback()
        again: ResponseReturnValue = delete(post_id)
        return again
    flash("The post is deleted. Its author can restore it for 30 days.")
    return redirect(url_for("users.profile", username=post.author.username))


@posts.route("/account/deleted")
@login_required
def deleted() -> ResponseReturnValue:
    """What one deleted and can still restore."""
    return render_template("posts/deleted.html", posts=paginate(Post.deleted_by(current_user)))


@posts.route("/post/<id:post_id>/restore", methods=["POST"])
@login_required
def restore(post_id: int) -> ResponseReturnValue:
    """Bring a deleted post back to where it was."""
    post = db.session.scalar(Post.deleted_by(current_user).where(Post.id == post_id))
    if post is None:
        # A second click finds it back.
        living = db.first_or_404(Post.living().where(Post.id == post_id))
        return redirect(url_for("posts.show", post_id=living.id))
    post.restore()
    try:
        db.session.commit()
    except StaleDataError:
        db.session.rollback()
        again: ResponseReturnValue = restore(post_id)
        return again
    flash("Your post is back.")
    return redirect(url_for("posts.show", post_id=post.id))


@posts.route("/drafts")
@login_required
def drafts() -> ResponseReturnValue:
    """One's own drafts, the latest first."""
    return render_template("posts/drafts.html", drafts=paginate(Draft.of(current_user)))


@posts.route("/drafts/<id:draft_id>/delete", methods=["POST"])
@login_required
def delete_draft(draft_id: int) -> ResponseReturnValue:
    """Throw a draft away."""
    draft = db.first_or_404(Draft.of(current_user).where(Draft.id == draft_id))
    db.session.delete(draft)
    db.session.commit()
    flash("The draft is deleted.")
    return redirect(url_for("posts.drafts"))
