"""Signing up, logging in and logging out."""

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import exists, select

from flaskblog.extensions import csrf, db
from flaskblog.forms import form_response
from flaskblog.models import User
from flaskblog.users.access import anonymous_required, log_in_by_form, next_or_home
from flaskblog.users.blueprint import bp
from flaskblog.users.changes import TakenError, sign_up
from flaskblog.users.forms import LoginForm, LogoutForm, RegistrationForm
from flaskblog.users.limits import count_sign_up, is_within_limit
from flaskblog.users.sessions import log_in, log_out


@bp.route("/register", methods=["GET", "POST"])
@anonymous_required
def register() -> ResponseReturnValue:
    """Sign up, log in, and redirect to the page that required it."""
    if not current_app.config["REGISTRATION_OPEN"]:
        return render_template("users/closed.html"), 403
    form = RegistrationForm()
    if is_within_limit(form, count_sign_up, "username") and form.validate_on_submit():
        try:
            user = sign_up(form.username.data, form.email.data, form.password.data)
        except TakenError as taken:
            form.set_errors(taken.messages)
        else:
            log_in(user)
            flash(f"Welcome, {user.username}! Your account has been created.")
            return redirect(next_or_home())
    is_first = not db.session.scalar(select(exists(select(User.id))))
    page = render_template("users/register.html", form=form, is_first=is_first)
    return form_response(form, page)


# The form validates its own CSRF token, and keeps what was typed if that has expired.
@bp.route("/login", methods=["GET", "POST"])
@csrf.exempt
def login() -> ResponseReturnValue:
    """Log in, and redirect to the page that required it."""
    if current_user.is_authenticated:
        return redirect(next_or_home())
    form = LoginForm()
    if log_in_by_form(form):
        return redirect(next_or_home())
    return form_response(form, render_template("users/login.html", form=form))


@bp.route("/logout", methods=["GET", "POST"])
def logout() -> ResponseReturnValue:
    """Ask for confirmation, then log out."""
    if not current_user.is_authenticated:
        return redirect(url_for("main.home"))
    form = LogoutForm()
    if form.validate_on_submit():
        log_out()
        flash("You have been logged out.")
        response = redirect(url_for("main.home"))
        # Deletes the editor's copies of unsaved text.
        response.headers["Clear-Site-Data"] = '"storage"'
        return response
    return render_template("users/logout.html", form=form)
