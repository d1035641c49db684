"""Reading posts and their history, deleting and restoring them."""

from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.caching.fragments import render_with_fragments
from flaskblog.extensions import db
from flaskblog.models import Post
from flaskblog.models.authorship import PostReference
from flaskblog.models.post_neighbours import post_with_neighbours
from flaskblog.pagination import paginate, read
from flaskblog.posts.access import abort_missing, deletable_post_or_403, visible_post_or_404
from flaskblog.posts.blueprint import bp
from flaskblog.posts.forms import AdminDeleteForm, DeleteForm
from flaskblog.posts.retry import retry_on
from flaskblog.web.messages import flash_undo


@bp.route("/post/<id:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """Read a post."""
    return render_with_fragments("posts/show.html", partial(_post, post_id))


@bp.route("/post/<id:post_id>/delete", methods=["GET", "POST"])
@login_required
@retry_on(StaleDataError)
def delete(post_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then delete a post, which can be restored for 30 days."""
    if _deleted_post(post_id):
        # A second click.
        return redirect(url_for("posts.deleted"))
    post = deletable_post_or_403(post_id, current_user)
    form = DeleteForm() if post.is_editable_by(current_user) else AdminDeleteForm()
    if not form.validate_on_submit():
        return render_template("posts/delete.html", form=form, post=post)
    post.delete(current_user, form.data.get("reason", ""))
    db.session.commit()
    flash_undo(f"“{post.title}” has been deleted.", "posts.restore", post_id=post.id)
    return redirect(url_for("users.profile", username=post.author.username))


@bp.route("/account/deleted")
@login_required
def deleted() -> ResponseReturnValue:
    """One's own deleted posts, and who has deleted them."""
    return render_template("posts/deleted.html", posts=paginate(Post.deleted_by(current_user)))


@bp.route("/post/<id:post_id>/restore", methods=["POST"])
@login_required
@retry_on(StaleDataError)
def restore(post_id: int) -> ResponseReturnValue:
    """Restore a deleted post."""
    post = db.session.scalar(Post.deleted().where(Post.id == post_id))
    if post is None or not (post.is_editable_by(current_user) or current_user.is_admin):
        # A second click.
        return redirect(url_for("posts.show", post_id=visible_post_or_404(post_id).id))
    if not post.is_restorable_by(current_user):
        abort(403, "An administrator has deleted this post. Only administrators can restore it.")
    post.restore()
    db.session.commit()
    flash("The post has been restored.")
    return redirect(url_for("posts.show", post_id=post.id))


def _post(post_id: int) -> dict[str, Any]:
    found = read(post_with_neighbours(post_id))
    if not found:
        abort_missing(post_id)
    (post,) = found
    return {"post": post, "reference": PostReference(post.id, post.author_id)}


def _deleted_post(post_id: int) -> Post | None:
    """A deleted post of the current member."""
    post: Post | None = db.session.scalar(Post.deleted_by(current_user).where(Post.id == post_id))
    return post
