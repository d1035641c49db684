"""Reading posts and their history, deleting and restoring them."""

from functools import partial
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.caching.fragments import render_with_fragments
from flaskblog.extensions import db
from flaskblog.models import Post, Revision
from flaskblog.models.authorship import PostReference
from flaskblog.models.post_neighbours import post_with_neighbours
from flaskblog.pagination import paginate, read
from flaskblog.posts.access import deletable_post_or_403, visible_post_or_404
from flaskblog.posts.blueprint import bp
from flaskblog.posts.forms import DeleteForm
from flaskblog.posts.retry import retry_on
from flaskblog.text.diff import differences, fold_unchanged


@bp.route("/post/<id:post_id>")
def show(post_id: int) -> ResponseReturnValue:
    """Read a post."""
    return render_with_fragments("posts/show.html", partial(_post, post_id))


@bp.route("/post/<id:post_id>/history")
def history(post_id: int) -> ResponseReturnValue:
    """What each edit of a post changed, newest first."""
    edits_count = Revision.count_of(post_id).scalar_subquery()
    found = db.session.execute(
        Post.visible().add_columns(edits_count).where(Post.id == post_id)
    ).one_or_none()
    if found is None:
        abort(404)
    post, total = found
    page = paginate(Revision.edits_of(post_id), total)
    edits = [
        {
            "version": new or post,
            "old_title": old.title,
            "changes": fold_unchanged(differences(old.content, (new or post).content)),
        }
        for old, new in page
    ]
    return render_template("posts/history.html", post=post, page=page, edits=edits)


@bp.route("/post/<id:post_id>/delete", methods=["GET", "POST"])
@login_required
@retry_on(StaleDataError)
def delete(post_id: int) -> ResponseReturnValue:
    """Ask for confirmation, then delete a post, which can be restored for 30 days."""
    if _deleted_post(post_id):
        # A second click.
        return redirect(url_for("posts.deleted"))
    post = deletable_post_or_403(post_id, current_user)
    form = DeleteForm()
    if not form.validate_on_submit():
        return render_template("posts/delete.html", form=form, post=post)
    post.delete()
    db.session.commit()
    flash("The post has been deleted. Its author can restore it within 30 days.")
    return redirect(url_for("users.profile", username=post.author.username))


@bp.route("/account/deleted")
@login_required
def deleted() -> ResponseReturnValue:
    """One's own deleted posts, which can be restored."""
    return render_template("posts/deleted.html", posts=paginate(Post.deleted_by(current_user)))


@bp.route("/post/<id:post_id>/restore", methods=["POST"])
@login_required
@retry_on(StaleDataError)
def restore(post_id: int) -> ResponseReturnValue:
    """Restore a deleted post."""
    post = _deleted_post(post_id)
    if post is None:
        # A second click.
        return redirect(url_for("posts.show", post_id=visible_post_or_404(post_id).id))
    post.restore()
    db.session.commit()
    flash("Your post has been restored.")
    return redirect(url_for("posts.show", post_id=post.id))


def _post(post_id: int) -> dict[str, Any]:
    found = read(post_with_neighbours(post_id))
    if not found:
        abort(404)
    (post,) = found
    return {"post": post, "reference": PostReference(post.id, post.author_id)}


def _deleted_post(post_id: int) -> Post | None:
    """A post that the current member can restore."""
    post: Post | None = db.session.scalar(Post.deleted_by(current_user).where(Post.id == post_id))
    return post
