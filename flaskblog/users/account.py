"""What people change about their own accounts, and how they leave."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, logout_user
from sqlalchemy import Select, func, select

from flaskblog import media, outbox
from flaskblog.extensions import db
from flaskblog.forms import commit_or_tell
from flaskblog.models import Draft, Post, Session, User
from flaskblog.users.blueprint import users
from flaskblog.users.changes import change_address, change_name, end_old_password
from flaskblog.users.forms import AccountForm, DeleteAccountForm, PasswordForm
from flaskblog.users.sessions import log_in_anew


@users.route("/account", methods=["GET", "POST"])
@login_required
def account() -> ResponseReturnValue:
    """Change one's name, address and picture."""
    user = _owner()
    form = AccountForm(username=user.username, email=user.email)
    form.owner = user
    if form.validate_on_submit() and _save_account(form, user):
        flash("Your account is saved.")
        return redirect(url_for("users.account"))
    return render_template("users/account.html", form=form)


@users.route("/account/password", methods=["GET", "POST"])
@login_required
def password() -> ResponseReturnValue:
    """Choose another password; every other device is logged out."""
    form = PasswordForm()
    form.owner = user = _owner()
    if form.validate_on_submit():
        user.change_password(form.password.data)
        end_old_password(user)
        log_in_anew(user)
        outbox.wake()
        flash("Your password is changed. Every other device is logged out.")
        return redirect(url_for("users.account"))
    return render_template("users/password.html", form=form)


@users.route("/account/sessions")
@login_required
def sessions() -> ResponseReturnValue:
    """Where one is logged in."""
    rows = db.session.scalars(Session.of(_owner())).all()
    return render_template("users/sessions.html", sessions=rows)


@users.route("/account/sessions/<id:session_id>/end", methods=["POST"])
@login_required
def end_session(session_id: int) -> ResponseReturnValue:
    """Log one device out."""
    row = db.first_or_404(Session.of(_owner()).where(Session.id == session_id))
    if row.is_named_by(current_user.session_token):
        abort(400, "That is the device you are using. Log out instead.")
    db.session.delete(row)
    db.session.commit()
    flash("That device is logged out.")
    return redirect(url_for("users.sessions"))


@users.route("/account/sessions/end-others", methods=["POST"])
@login_required
def end_other_sessions() -> ResponseReturnValue:
    """Log every device out but this one."""
    db.session.execute(Session.others_ended(_owner()))
    db.session.commit()
    flash("Every other device is logged out.")
    return redirect(url_for("users.sessions"))


@users.route("/account/delete", methods=["GET", "POST"])
@login_required
def delete_account() -> ResponseReturnValue:
    """Say what will go; then, with the password, all of it goes."""
    form = DeleteAccountForm()
    form.owner = user = _owner()
    if form.validate_on_submit():
        picture = db.session.scalar(user.gone())
        db.session.commit()
        if picture:
            media.remove(picture)
        logout_user()
        flash("Your account is deleted, and all that belonged to it.")
        return redirect(url_for("main.home"))
    return render_template(
        "users/delete_account.html",
        form=form,
        devices=_number(Session.of(user)),
        deleted=_number(Post.deleted_by(user)),
        drafts=_number(Draft.of(user)),
    )


def _owner() -> User:
    user: User = current_user._get_current_object()
    return user


def _number(rows: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _save_account(form: AccountForm, user: User) -> bool:
    """Write what changed; a file that is no longer shown goes after the commit."""
    fresh = media.save(form.picture.data) if form.picture.data else None
    db.session.execute(user.held())
    db.session.refresh(user)
    unused = user.picture if fresh else None
    # What a name or an address collides with is told when all is written at once.
    with db.session.no_autoflush:
        if form.moves:
            change_address(user, form.email.data)
        if form.username.data != user.username:
            change_name(user, form.username.data)
        if fresh:
            user.picture = fresh
    if not commit_or_tell(form):
        if fresh:
            media.remove(fresh)
        return False
    if unused:
        media.remove(unused)
    outbox.wake()
    return True
