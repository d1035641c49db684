"""The history of a post: what each edit changed, restoring and hiding earlier versions."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.extensions import db
from flaskblog.models import Post, Revision
from flaskblog.pagination import paginate
from flaskblog.posts.access import abort_missing, deletable_post_or_403, editable_post_or_403
from flaskblog.posts.blueprint import bp
from flaskblog.posts.limits import limit_edits, member_key, require_storage
from flaskblog.posts.retry import retry_on
from flaskblog.text.diff import differences, fold_unchanged


@bp.route("/post/<id:post_id>/history")
def history(post_id: int) -> ResponseReturnValue:
    """What each edit of a post changed, newest first."""
    edits_count = Revision.count_of(post_id).scalar_subquery()
    found = db.session.execute(
        Post.visible().add_columns(edits_count).where(Post.id == post_id)
    ).one_or_none()
    if found is None:
        abort_missing(post_id)
    post, total = found
    page = paginate(Revision.edits_of(post_id), total)
    edits = [_edit(post, old, new) for old, new in page]
    return render_template("posts/history.html", post=post, page=page, edits=edits)


@bp.route("/post/<id:post_id>/history/<int(max=2147483647):version>/restore", methods=["POST"])
@login_required
@retry_on(StaleDataError)
def restore_version(post_id: int, version: int) -> ResponseReturnValue:
    """Make an earlier version the current one, as an edit."""
    post = editable_post_or_403(post_id, current_user)
    revision = _revision_or_404(post_id, version)
    if revision.hidden_at:
        abort(403, "This version is hidden. Show it again before you restore it.")
    _revise(post, revision)
    flash("The version has been restored.")
    return redirect(url_for("posts.show", post_id=post_id))


@bp.route("/post/<id:post_id>/history/<int(max=2147483647):version>/hide", methods=["POST"])
@login_required
def hide_version(post_id: int, version: int) -> ResponseReturnValue:
    """Show an earlier version to its author and to admins only."""
    deletable_post_or_403(post_id, current_user)
    revision = _revision_or_404(post_id, version)
    if not revision.hidden_at:
        revision.hide(current_user)
        db.session.commit()
    flash("The version is hidden: only its author and administrators can see it.")
    return redirect(url_for("posts.history", post_id=post_id))


@bp.route("/post/<id:post_id>/history/<int(max=2147483647):version>/show", methods=["POST"])
@login_required
def show_version(post_id: int, version: int) -> ResponseReturnValue:
    """Show a hidden version to everyone again."""
    deletable_post_or_403(post_id, current_user)
    revision = _revision_or_404(post_id, version)
    if revision.hidden_at and not revision.is_showable_by(current_user):
        abort(403, "An administrator has hidden this version. Only administrators can show it.")
    revision.show()
    db.session.commit()
    flash("The version can be seen by everyone again.")
    return redirect(url_for("posts.history", post_id=post_id))


def _edit(post: Post, old: Revision, new: Revision | None) -> dict[str, Any]:
    """An edit; without its text if one of its versions is hidden from the reader."""
    edit: dict[str, Any] = {"old": old, "new": new or post}
    if all(version.is_visible_to(current_user, post) for version in (old, new) if version):
        edit["changes"] = fold_unchanged(differences(old.content, (new or post).content))
    return edit


def _revision_or_404(post_id: int, version: int) -> Revision:
    revision: Revision = db.get_or_404(Revision, (post_id, version))
    return revision


@limit_edits(member_key)
def _revise(post: Post, revision: Revision) -> None:
    require_storage(post.author)
    post.revise(revision.title, revision.content)
    db.session.commit()
