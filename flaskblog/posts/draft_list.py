"""The list of drafts; deleting drafts and restoring them."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from sqlalchemy.orm.exc import StaleDataError

from flaskblog.extensions import db
from flaskblog.models import Draft
from flaskblog.pagination import paginate
from flaskblog.posts.blueprint import bp
from flaskblog.posts.drafts import draft_url, editor_url, own_draft_or_404, require_room
from flaskblog.posts.limits import RefusedError
from flaskblog.posts.retry import retry_on
from flaskblog.urls import row_id

EDITOR = "editor"  # the value of `?back=`


@bp.route("/drafts")
@login_required
def drafts() -> ResponseReturnValue:
    """One's own drafts, the last saved first, and those that can be restored."""
    return render_template(
        "posts/drafts.html",
        drafts=paginate(Draft.of(current_user)),
        deleted=db.session.scalars(Draft.deleted_by(current_user)).all(),
        just_deleted=request.args.get("deleted", type=row_id),
    )


@bp.route("/drafts/<id:draft_id>/delete", methods=["POST"])
@login_required
@retry_on(StaleDataError)
def delete_draft(draft_id: int) -> ResponseReturnValue:
    """Delete a draft, which can be restored; `?back=editor` discards it there."""
    draft = own_draft_or_404(draft_id)
    if draft.deleted_at is None:
        draft.delete()
        db.session.commit()
    if request.args.get("back") == EDITOR:
        return redirect(editor_url(draft.post_id, discarded=draft.id))
    return redirect(url_for("posts.drafts", deleted=draft.id))


@bp.route("/drafts/<id:draft_id>/restore", methods=["POST"])
@login_required
@retry_on(StaleDataError)
def restore_draft(draft_id: int) -> ResponseReturnValue:
    """Restore a deleted draft; `?back=editor` opens it."""
    draft = own_draft_or_404(draft_id)
    if draft.deleted_at is not None:
        try:
            require_room(current_user)
        except RefusedError as refused:
            flash(str(refused.description), "alert")
            return redirect(url_for("posts.drafts"))
        draft.restore()
        db.session.commit()
    if request.args.get("back") == EDITOR:
        return redirect(draft_url(draft))
    flash("The draft has been restored.")
    return redirect(url_for("posts.drafts"))
