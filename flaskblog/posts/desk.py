"""The desk, where posts are written: its buttons, previews and drafts."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from flaskblog.addresses import row_id
from flaskblog.database import now
from flaskblog.drafts import keep_draft
from flaskblog.extensions import csrf, db, login_manager
from flaskblog.markdown import render
from flaskblog.models import Draft, Post
from flaskblog.posts.blueprint import posts
from flaskblog.posts.forms import PostForm
from flaskblog.posts.publishing import answer_again, desk, keep_as_new, post_of, publish, save
from flaskblog.users.forms import LoginWithWordsForm

P = ParamSpec("P")


def keeping_words(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Who is no longer logged in comes back, through log-in, to the form they sent."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_user.is_authenticated:
            return view(*args, **kwargs)
        if _is_autosave():
            return {"detail": "You are logged out."}, 401
        if request.method == "GET":
            answer: ResponseReturnValue = login_manager.unauthorized()
            return answer
        form = LoginWithWordsForm.holding(request.form, request.view_args or {})
        return render_template("users/login.html", form=form)

    return guarded


# The form checks its own token: with one that ran out, the page comes back filled.
@posts.route("/post/new", methods=["GET", "POST"])
@csrf.exempt
@keeping_words
def new() -> ResponseReturnValue:
    """Write a post."""
    if request.method == "POST":
        return _answer(PostForm(), None)
    draft = _asked_draft()
    return desk(PostForm.for_draft(draft) if draft else PostForm.blank())


@posts.route("/post/<id:post_id>/update", methods=["GET", "POST"])
@csrf.exempt
@keeping_words
def update(post_id: int) -> ResponseReturnValue:
    """Change a post, unless it has changed since it was laid on the desk."""
    post = db.session.scalar(Post.living().where(Post.id == post_id))
    if post is not None and not post.is_editable_by(current_user):
        abort(403)
    if request.method == "POST":
        return _answer(PostForm(), post) if post else _answer_without_post(PostForm())
    draft = _asked_draft()
    if draft and (post is None or draft.post_id != post.id):
        # Its post is deleted, or it is a draft of another one.
        return redirect(_address_of(draft))
    if post is None:
        abort(404)
    return desk(PostForm.for_draft(draft) if draft else PostForm.for_post(post), post)


def _answer(form: PostForm, post: Post | None) -> ResponseReturnValue:
    """What one of the three buttons does; without one, as from a program, the first."""
    if not form.csrf_token.validate(form):
        return _tell_ran_out(form, post)
    action = request.form.get("action")
    if action == "draft":
        return _save_draft(form, post)
    if not form.validate():
        return desk(form, post)
    if action == "preview":
        return desk(form, post, preview=render(form.content.data))
    return save(form, post) if post else publish(form)


def _answer_without_post(form: PostForm) -> ResponseReturnValue:
    if not form.csrf_token.validate(form):
        if form.says_nothing:
            abort(404)
        return _tell_ran_out(form, None)
    if _is_autosave() and not form.says_nothing:
        return _tell_saved(keep_draft(current_user, form))
    return keep_as_new(form)


def _tell_ran_out(form: PostForm, post: Post | None) -> ResponseReturnValue:
    if _is_autosave():
        return {"detail": "This page ran out. Save the draft by its button, and go on."}, 400
    return desk(form, post), 400


def _save_draft(form: PostForm, post: Post | None) -> ResponseReturnValue:
    if form.says_nothing:
        if _is_autosave():
            return {"detail": "There is nothing to save yet."}, 400
        flash("There is nothing to save yet.", "alert")
        return desk(form, post)
    if post is None and (earlier := post_of(form)):
        if _is_autosave():
            return {"detail": "This post is published already."}, 400
        return answer_again(form, earlier)
    draft = keep_draft(current_user, form)
    if _is_autosave():
        return _tell_saved(draft)
    flash("Your draft is saved. Nobody else can see it.")
    return redirect(_address_of(draft))


def _tell_saved(draft: Draft) -> ResponseReturnValue:
    return {"saved": True, "at": now().isoformat(), "key": draft.key}


def _address_of(draft: Draft) -> str:
    """The desk that a draft lies on."""
    post = db.session.scalar(Post.living().where(Post.id == draft.post_id))
    if post:
        return url_for("posts.update", post_id=post.id, draft=draft.id)
    return url_for("posts.new", draft=draft.id)


def _asked_draft() -> Draft | None:
    """The draft that `?draft=` names, if it is one's own; a 404 for any other."""
    if "draft" not in request.args:
        return None
    draft_id = request.args.get("draft", type=row_id)
    draft: Draft = db.first_or_404(Draft.of(current_user).where(Draft.id == draft_id))
    return draft


def _is_autosave() -> bool:
    return request.accept_mimetypes.best == "application/json"
