"""Setting a new password by a mailed link."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flaskblog.extensions import db
from flaskblog.forms import form_response
from flaskblog.mail import outbox
from flaskblog.models import Mail, User
from flaskblog.models.reset_token import read_reset_token
from flaskblog.users.access import anonymous_required
from flaskblog.users.blueprint import bp
from flaskblog.users.changes import reset_password
from flaskblog.users.forms import AskForResetForm, ChoosePasswordForm
from flaskblog.users.known_browsers import remember_browser
from flaskblog.users.limits import count_reset, is_within_limit
from flaskblog.users.log_in_attempts import allow_log_in


@bp.route("/reset_password", methods=["GET", "POST"])
@anonymous_required
def ask_for_reset() -> ResponseReturnValue:
    """Request a link. Whether the address has an account is looked up when the mail is sent."""
    form = AskForResetForm()
    if is_within_limit(form, count_reset, "email") and form.validate_on_submit():
        db.session.add(Mail.to(form.email.data, "reset_password"))
        db.session.commit()
        outbox.wake()
        return render_template("users/reset_asked.html", email=form.email.data)
    return form_response(form, render_template("users/ask_for_reset.html", form=form))


@bp.route("/reset_password/<token>", methods=["GET", "POST"])
def choose_password(token: str) -> ResponseReturnValue:
    """Set a new password with a link that has neither expired nor been used."""
    user = _bearer(token)
    if user is None:
        return _expired()
    form = ChoosePasswordForm()
    form.owner = user
    if form.validate_on_submit():
        if not reset_password(user, form.password.data):
            # The link was used twice at the same time, and the other request came first.
            return _expired()
        allow_log_in(user)
        remember_browser(user)
        flash("Your password has been changed. Log in with the new one.")
        return redirect(url_for("users.login"))
    return render_template("users/choose_password.html", form=form, user=user)


def _expired() -> ResponseReturnValue:
    return render_template("users/reset_expired.html"), 410


def _bearer(token: str) -> User | None:
    claim = read_reset_token(token)
    if claim is None:
        return None
    user_id, fingerprint = claim
    user = db.session.get(User, user_id)
    return user if user is not None and user.matches_reset_token(fingerprint) else None
