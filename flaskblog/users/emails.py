"""E-mails to members, composed when they are sent."""

from flask import current_app

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.mail.message import EmailMessage
from flaskblog.models import Mail, User
from flaskblog.urls import link_to


def reset_link(user: User) -> str:
    """Return a link for choosing a new password, valid for 30 minutes from now."""
    return link_to("users.choose_password", token=user.reset_token())


@outbox.composes("reset_password")
def _reset_password(mail: Mail) -> EmailMessage | None:
    """To the address of the account, not as it was typed."""
    user = db.session.scalar(User.by_email(mail.recipient))
    if user is None:
        return None
    return EmailMessage(
        template="reset_password",
        recipient=user.email,
        subject=f"Reset your password for {current_app.config['SITE_NAME']}",
        link=reset_link(user),
        values={"username": user.username},
    )


@outbox.composes("address_changed")
def _address_changed(mail: Mail) -> EmailMessage:
    """To the old address, with the new one masked."""
    return EmailMessage(
        template="address_changed",
        recipient=mail.recipient,
        subject=f"Your e-mail address for {current_app.config['SITE_NAME']} was changed",
        link=link_to("users.login"),
        values={
            "username": mail.context["username"],
            "new_address": _masked(mail.context["new_address"]),
        },
    )


@outbox.composes("password_changed")
def _password_changed(mail: Mail) -> EmailMessage:
    """To the address at the time of the change; the account may have been deleted since."""
    return EmailMessage(
        template="password_changed",
        recipient=mail.recipient,
        subject=f"Your password for {current_app.config['SITE_NAME']} was changed",
        link=link_to("users.ask_for_reset"),
        values={"username": mail.context["username"]},
    )


def _masked(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"
