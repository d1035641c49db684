"""A forgotten password, reset by a mailed link."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from flaskblog import outbox
from flaskblog.extensions import db, limiter
from flaskblog.models import Mail, User
from flaskblog.models.reset_token import read_reset_token
from flaskblog.rate_limits import named_account
from flaskblog.users.blueprint import users
from flaskblog.users.changes import end_old_password
from flaskblog.users.forms import AskForResetForm, ChoosePasswordForm
from flaskblog.users.routes import visitors_only


@users.route("/reset_password", methods=["GET", "POST"])
@visitors_only
@limiter.limit("3 per hour", key_func=named_account, methods=["POST"])
@limiter.limit("10 per hour", methods=["POST"])
def ask_for_reset() -> ResponseReturnValue:
    """Ask for a link. Whether the address has an account is looked up when the mail is sent."""
    form = AskForResetForm()
    if form.validate_on_submit():
        db.session.add(Mail.to(form.email.data, "reset_password"))
        db.session.commit()
        outbox.wake()
        return render_template("users/reset_asked.html", email=form.email.data)
    return render_template("users/ask_for_reset.html", form=form)


@users.route("/reset_password/<token>", methods=["GET", "POST"])
def choose_password(token: str) -> ResponseReturnValue:
    """Choose a new password with a link that is young and unused."""
    user = _bearer(token)
    if user is None:
        return _expired()
    form = ChoosePasswordForm()
    form.owner = user
    if form.validate_on_submit():
        if db.session.scalar(user.password_reset(form.password.data)) is None:
            # The link was used twice at the same moment, and the other one was first.
            db.session.rollback()
            return _expired()
        end_old_password(user)
        db.session.commit()
        outbox.wake()
        flash("Your password is changed. Log in with the new one.")
        return redirect(url_for("users.login"))
    return render_template("users/choose_password.html", form=form, user=user)


def _expired() -> ResponseReturnValue:
    return render_template("users/reset_expired.html"), 410


def _bearer(token: str) -> User | None:
    claim = read_reset_token(token)
    if claim is None:
        return None
    user = db.session.get(User, claim[0])
    return user if user is not None and user.may_reset_with(claim[1]) else None
