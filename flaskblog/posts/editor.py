"""The editor: writing and editing posts, with preview, drafts and autosave."""

from flask import abort, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flaskblog.database.base import now
from flaskblog.extensions import csrf, db
from flaskblog.models import Draft, Post
from flaskblog.posts.access import abort_missing
from flaskblog.posts.blueprint import bp
from flaskblog.posts.drafts import draft_url, has_text_of, own_draft_or_404, save_draft
from flaskblog.posts.forms import PostForm
from flaskblog.posts.limits import RefusedError, keep_text_when_refused, preview, render_editor
from flaskblog.posts.publishing import (
    keep_as_new_draft,
    publish_form,
    published_from,
    resubmitted,
    save_form,
)
from flaskblog.posts.resume import require_log_in
from flaskblog.urls import row_id


# The form validates its own CSRF token: if that has expired, the page comes back with the text.
@bp.route("/post/new", methods=["GET", "POST"])
@csrf.exempt
@keep_text_when_refused
def new() -> ResponseReturnValue:
    """Write a post."""
    if not current_user.is_authenticated:
        return require_log_in()
    if request.method == "POST":
        return _submit(PostForm(), None)
    return _open(None, _requested_draft())


@bp.route("/post/<id:post_id>/update", methods=["GET", "POST"])
@csrf.exempt
@keep_text_when_refused
def update(post_id: int) -> ResponseReturnValue:
    """Edit a post."""
    if not current_user.is_authenticated:
        return require_log_in()
    post = db.session.scalar(Post.visible().where(Post.id == post_id))
    if post is not None and not post.is_editable_by(current_user):
        abort(403)
    if request.method == "POST":
        return _submit(PostForm(), post) if post else _submit_to_deleted_post(PostForm())
    draft = _requested_draft()
    if draft and (post is None or draft.post_id != post.id):
        # Its post is deleted, or it is a draft of another one.
        return redirect(draft_url(draft))
    if post is None:
        abort_missing(post_id)
    return _open(post, draft)


@bp.route("/drafts/autosave", methods=["POST"])
@csrf.exempt
def autosave() -> ResponseReturnValue:
    """Save the text of the editor as a draft; the response is JSON."""
    if not current_user.is_authenticated:
        return {"detail": "Your session has expired."}, 401
    form = PostForm()
    if not form.csrf_token.validate(form):
        return {
            "detail": "This page has expired. Use “Save draft” to keep your text and continue."
        }, 400
    if form.is_blank:
        return {"detail": "There is nothing to save yet."}, 400
    if form.post_id.data is None and published_from(form):
        return {"detail": "This post has already been published."}, 400
    try:
        draft = save_draft(current_user, form)
    except RefusedError as refused:
        return {"detail": refused.description}, 409
    url = draft_url(draft)
    return {"saved": True, "at": now().isoformat(), "key": draft.key, "url": url}


@bp.route("/drafts/stored", methods=["POST"])
def is_stored() -> ResponseReturnValue:
    """Whether the text of a form is stored, so that a browser can delete its copy, as JSON."""
    if not current_user.is_authenticated:
        return {"detail": "Your session has expired."}, 401
    try:
        return {"stored": has_text_of(current_user, PostForm())}
    except RefusedError:
        return {"stored": False}


def _open(post: Post | None, draft: Draft | None) -> str:
    """Render the editor with a draft, or with a post beside whose text there may be a draft."""
    if draft:
        return render_editor(PostForm.for_draft(draft), post, draft=draft)
    form = PostForm.for_post(post) if post else PostForm.blank()
    if "discarded" in request.args:
        discarded = own_draft_or_404(request.args.get("discarded", type=row_id))
        return render_editor(form, post, discarded=discarded)
    waiting = db.session.scalar(Draft.last_of(current_user, post.id if post else None))
    return render_editor(form, post, waiting=waiting)


def _submit(form: PostForm, post: Post | None) -> ResponseReturnValue:
    """Handle the button; without one, publish or save."""
    if not form.csrf_token.validate(form):
        return render_editor(form, post), 400
    action = request.form.get("action")
    if action == "draft":
        return _save_draft(form, post)
    if not form.validate():
        return render_editor(form, post)
    if action == "preview":
        created_at = post.created_at if post else now()
        return render_editor(form, post, preview=preview(form.content.data), created_at=created_at)
    return save_form(form, post) if post else publish_form(form)


def _submit_to_deleted_post(form: PostForm) -> ResponseReturnValue:
    if form.csrf_token.validate(form) or form.is_blank:
        return keep_as_new_draft(form)
    return render_editor(form), 400


def _save_draft(form: PostForm, post: Post | None) -> ResponseReturnValue:
    if form.is_blank:
        flash("There is nothing to save yet.", "alert")
        return render_editor(form, post)
    if post is None and (earlier := published_from(form)):
        return resubmitted(form, earlier)
    draft = save_draft(current_user, form)
    flash("Draft saved. Only you can see it.")
    return redirect(draft_url(draft))


def _requested_draft() -> Draft | None:
    """The draft that `?draft=` names; 404 if it is not one's own."""
    if "draft" not in request.args:
        return None
    draft_id = request.args.get("draft", type=row_id)
    draft: Draft = db.first_or_404(Draft.of(current_user).where(Draft.id == draft_id))
    return draft
