"""Logging in with unsaved text, which was submitted after the session expired."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from wtforms import HiddenField

from flaskblog.extensions import csrf, limiter, login_manager
from flaskblog.extensions.rate_limits import retry_after
from flaskblog.posts.blueprint import bp
from flaskblog.posts.drafts import editor_url, save_draft
from flaskblog.posts.forms import DraftFields
from flaskblog.posts.limits import keep_text_when_refused
from flaskblog.text.cleaning import without_nul
from flaskblog.text.phrases import waiting_time
from flaskblog.users.access import log_in_by_form
from flaskblog.users.forms import LoginForm
from flaskblog.users.limits import limit_log_ins

P = ParamSpec("P")


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


def rate_limit_on_form(
    view: Callable[P, ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Report a reached limit in the form, so that its text is not lost."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            return view(*args, **kwargs)
        except RateLimitExceeded:
            seconds = retry_after(limiter.current_limit) if limiter.current_limit else 60
            form = ResumeForm()
            message = f"Too many attempts. Try again in {waiting_time(seconds)}."
            form.set_errors({"password": message})
            return _render(form), 429, {"Retry-After": str(seconds)}

    return guarded


# The form validates its own CSRF token, and keeps the text if that has expired.
@bp.route("/post/resume", methods=["POST"])
@csrf.exempt
@keep_text_when_refused
@rate_limit_on_form
@limit_log_ins
def resume() -> ResponseReturnValue:
    """Log in, save the text as a draft and open it in the editor."""
    form = ResumeForm()
    if author := log_in_by_form(form):
        # The token that the form got before the log-in is no longer valid.
        g.pop("csrf_token", None)
        return redirect(editor_url(save_draft(author, form)))
    return _render(form), 400 if form.has_expired else 200


def _render(form: ResumeForm) -> str:
    return render_template("posts/resume.html", form=form)
