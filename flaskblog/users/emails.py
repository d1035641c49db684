"""What we write to people, made at the moment it is sent."""

from collections.abc import Callable

from flask import current_app

from flaskblog.extensions import db
from flaskblog.letters import Letter, link_to
from flaskblog.models import Mail, User


def compose(mail: Mail) -> Letter | None:
    """The letter of a row of the outbox; none when there is nobody to write to."""
    return _COMPOSERS[mail.template](mail)


def reset_link(user: User) -> str:
    """The address where this person chooses a new password, good for 30 minutes from now."""
    return link_to("users.choose_password", token=user.reset_token())


def _reset_password(mail: Mail) -> Letter | None:
    """To the address of the account, whatever spelling of it was typed."""
    user = db.session.scalar(User.addressed(mail.recipient))
    if user is None:
        return None
    return Letter(
        template="reset_password",
        recipient=user.email,
        subject=f"Choose a new password for {current_app.config['SITE_NAME']}",
        link=reset_link(user),
        values={"username": user.username},
    )


def _address_changed(mail: Mail) -> Letter:
    """To the old address, which need not learn the whole of the new one."""
    return Letter(
        template="address_changed",
        recipient=mail.recipient,
        subject=f"Your address at {current_app.config['SITE_NAME']} was changed",
        link=link_to("users.login"),
        values={
            "username": mail.context["username"],
            "new_address": _masked(mail.context["new_address"]),
        },
    )


def _password_changed(mail: Mail) -> Letter:
    """To the address that the account had, which need not be theirs who changed it."""
    return Letter(
        template="password_changed",
        recipient=mail.recipient,
        subject=f"Your password at {current_app.config['SITE_NAME']} was changed",
        link=link_to("users.ask_for_reset"),
        values={"username": mail.context["username"]},
    )


def _masked(address: str) -> str:
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"


_COMPOSERS: dict[str, Callable[[Mail], Letter | None]] = {
    "reset_password": _reset_password,
    "address_changed": _address_changed,
    "password_changed": _password_changed,
}
