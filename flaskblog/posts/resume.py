"""Logging in with unsaved text, which was submitted after the session expired."""

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import HiddenField

from flaskblog.extensions import csrf, login_manager
from flaskblog.forms import form_response
from flaskblog.posts.blueprint import bp
from flaskblog.posts.drafts import draft_url, save_draft
from flaskblog.posts.forms import DraftFields
from flaskblog.posts.limits import keep_text_when_refused
from flaskblog.text.cleaning import without_nul
from flaskblog.users.access import log_in_by_form
from flaskblog.users.forms import LoginForm


class ResumeForm(LoginForm, DraftFields):
    """A log-in that carries the text of the editor."""

    submit_label = "Log in and continue writing"

    title = HiddenField(filters=[without_nul])
    content = HiddenField(filters=[without_nul])


def require_log_in() -> ResponseReturnValue:
    """Ask for a log-in; its form carries the submitted text."""
    if request.method == "GET":
        response: ResponseReturnValue = login_manager.unauthorized()
        return response
    data = {**request.form, **(request.view_args or {})}
    return _render(ResumeForm(formdata=None, data=data))


# The form validates its own CSRF token, and keeps the text if that has expired.
@bp.route("/post/resume", methods=["POST"])
@csrf.exempt
@keep_text_when_refused
def resume() -> ResponseReturnValue:
    """Log in, save the text as a draft and open it in the editor."""
    form = ResumeForm()
    if author := log_in_by_form(form):
        # The token that the form got before the log-in is no longer valid.
        g.pop("csrf_token", None)
        return redirect(draft_url(save_draft(author, form)))
    return form_response(form, _render(form))


def _render(form: ResumeForm) -> str:
    return render_template("posts/resume.html", form=form)
