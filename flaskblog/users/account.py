"""The pages on which members manage their account."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, logout_user
from sqlalchemy import Select, func, select

from flaskblog.extensions import db
from flaskblog.forms import Form, form_response
from flaskblog.models import Draft, Post, Session, User
from flaskblog.users import changes
from flaskblog.users.blueprint import bp
from flaskblog.users.forms import AccountForm, DeleteAccountForm, PasswordForm, ProfileForm
from flaskblog.users.sessions import renew_session


@bp.route("/account", methods=["GET", "POST"])
@login_required
def account() -> ResponseReturnValue:
    """Change one's profile, username and e-mail address, each by its form or all at once."""
    user = _owner()
    profile = ProfileForm(display_name=user.display_name, bio=user.bio)
    form = AccountForm(username=user.username, email=user.email)
    profile.owner = form.owner = user
    sent: list[Form] = [each for each in (profile, form) if each.is_sent] or [form]
    is_valid = [each.validate_on_submit() for each in sent]
    if all(is_valid) and _change_account(profile, form):
        flash("Your account has been updated.")
        return redirect(url_for("users.account"))
    rejected = next((each for each in sent if each.errors), form)
    page = render_template("users/account.html", profile=profile, form=form)
    return form_response(rejected, page)


@bp.route("/account/password", methods=["GET", "POST"])
@login_required
def password() -> ResponseReturnValue:
    """Change one's password; all other devices are logged out."""
    form = PasswordForm()
    form.owner = user = _owner()
    if form.validate_on_submit():
        changes.change_account(user, password=form.password.data)
        renew_session(user)
        flash("Your password has been changed. All other devices have been logged out.")
        return redirect(url_for("users.account"))
    return form_response(form, render_template("users/password.html", form=form))


@bp.route("/account/sessions")
@login_required
def sessions() -> ResponseReturnValue:
    """The devices on which one is logged in."""
    rows = db.session.scalars(Session.of(_owner())).all()
    return render_template("users/sessions.html", sessions=rows)


@bp.route("/account/sessions/<id:session_id>/end", methods=["POST"])
@login_required
def end_session(session_id: int) -> ResponseReturnValue:
    """Log out another device."""
    row = db.first_or_404(Session.of(_owner()).where(Session.id == session_id))
    if row.is_named_by(current_user.session_token):
        abort(400, "This is the device you are using. To end this session, log out.")
    db.session.delete(row)
    db.session.commit()
    flash("The device has been logged out.")
    return redirect(url_for("users.sessions"))


@bp.route("/account/sessions/end-others", methods=["POST"])
@login_required
def end_other_sessions() -> ResponseReturnValue:
    """Log out all other devices."""
    Session.end_others(_owner())
    db.session.commit()
    flash("All other devices have been logged out.")
    return redirect(url_for("users.sessions"))


@bp.route("/account/delete", methods=["GET", "POST"])
@login_required
def delete_account() -> ResponseReturnValue:
    """List what will be deleted; with the password, delete it."""
    form = DeleteAccountForm()
    form.owner = user = _owner()
    if form.validate_on_submit() and _delete_account(user):
        logout_user()
        flash("Your account and everything in it has been deleted.")
        return redirect(url_for("main.home"))
    page = render_template(
        "users/delete_account.html",
        form=form,
        devices=_count(Session.of(user)),
        deleted=_count(Post.deleted_by(user)),
        drafts=_count(Draft.of(user)),
    )
    return form_response(form, page)


def _owner() -> User:
    user: User = current_user._get_current_object()
    return user


def _count(rows: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _delete_account(user: User) -> bool:
    """Return False for the last admin, to whom the page tells why."""
    try:
        changes.delete_account(user)
    except changes.LastAdminError:
        return False
    return True


def _change_account(profile: ProfileForm, form: AccountForm) -> bool:
    """A form that was not sent has the values of the member."""
    try:
        changes.change_account(
            _owner(),
            username=form.username.data,
            email=form.email.data,
            display_name=profile.display_name.data,
            bio=profile.bio.data,
            picture=profile.new_picture,
        )
    except changes.TakenError as taken:
        for each in (profile, form):
            each.set_errors({name: text for name, text in taken.messages.items() if name in each})
        return False
    return True
