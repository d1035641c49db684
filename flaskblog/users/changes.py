"""Operations on accounts, one function each, shared by pages, API and commands.

Each of them commits.
"""

from collections.abc import Callable

from flask import current_app
from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError

from flaskblog import rules
from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.media import pictures
from flaskblog.models import FormerName, Mail, Session, User
from flaskblog.models.passwords import hash_password

USERNAME_TAKEN = "That username is taken. Choose another one."
NAME_OF_ANOTHER = "That is the username of another member. Choose another display name."
EMAIL_TAKEN = "That e-mail address already has an account. Log in, or use another one."


class LastAdminError(Exception):
    """There would be no admin left; the message is for the user."""

    def __init__(self) -> None:
        super().__init__(
            "The only admin of a site cannot leave or be demoted. First make another member an "
            "admin, with the command `flask --app run users promote`."
        )


class TakenError(Exception):
    """Another account has these values; `messages` has a sentence for each field."""

    def __init__(self, messages: dict[str, str]) -> None:
        super().__init__(" ".join(messages.values()))
        self.messages = messages


def sign_up(username: str, email: str, password: str, *, is_admin: bool = False) -> User:
    """Create an account from values that have passed their rules; the first one is an admin.

    Raises `TakenError`, and `RuleError` for a password that is one of the names.
    """
    check_impersonal(password, username, email)
    _require_available(username, email)
    is_first = ~exists(select(User.id))
    user = User(password_hash=hash_password(password), is_admin=is_admin or is_first)
    user.change_email(email)
    try:
        _take_username(user, username)
        db.session.commit()
    except (IntegrityError, TakenError):
        db.session.rollback()
        _require_available(username, email)
        raise
    return user


def change_account(
    user: User,
    *,
    username: str | None = None,
    email: str | None = None,
    password: str | None = None,
    display_name: str | None = None,
    bio: str | None = None,
    picture: bytes | None = None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Change what is given; values have passed their rules. A new password ends every session.

    An empty display name, bio or picture removes it.

    `check` runs after the row is locked, and may raise to refuse the change. The former address is
    notified of a new password or address. Raises `TakenError`, and `RuleError` for a password that
    is one of the names.
    """
    if password:
        check_impersonal(password, username or user.username, email or user.email)
    # Hashing and storing take time: they come before the lock.
    password_hash = hash_password(password) if password else None
    stored = pictures.save(picture) if picture else None
    user_id = user.id
    try:
        user.lock()
        check()
        if password_hash:
            user.password_hash = password_hash
            _end_sessions(user)
        _change_identity(user, username, email)
        _change_profile(user, display_name, bio)
        replaced = user.picture
        if picture is not None:
            user.picture = stored
        db.session.commit()
    except (IntegrityError, TakenError):
        db.session.rollback()
        if stored:
            pictures.remove(stored)
        _require_available(username, email, user_id)
        raise
    if picture is not None and replaced:
        pictures.remove(replaced)
    outbox.wake()


def reset_password(user: User, password: str) -> bool:
    """Set a password; False if it has changed since the user was loaded.

    Raises `RuleError` for a password that is one of the names.
    """
    check_impersonal(password, user.username, user.email)
    if not user.reset_password(password):
        db.session.rollback()
        return False
    _end_sessions(user)
    db.session.commit()
    outbox.wake()
    return True


def check_impersonal(password: str, username: str, email: str) -> None:
    """Raise `RuleError` if the password is a name of the account or of the site."""
    site_name = current_app.config["SITE_NAME"]
    rules.impersonal_password(password, username=username, email=email, site_name=site_name)


def delete_account(user: User) -> None:
    """Delete a member and everything that belongs to them; the username stays reserved.

    Raises `LastAdminError`.
    """
    _require_another_admin(user)
    picture = user.delete()
    db.session.commit()
    if picture:
        pictures.remove(picture)


def demote(user: User) -> None:
    """Make an admin a regular member. Raises `LastAdminError`."""
    _require_another_admin(user)
    user.is_admin = False
    db.session.commit()


def taken_values(username: str | None, email: str | None, owner_id: int = 0) -> dict[str, str]:
    """A message for each field whose value belongs to another account."""
    found: dict[str, str] = {}
    if username and User.is_username_taken(username, owner_id):
        found["username"] = USERNAME_TAKEN
    if email and User.is_email_taken(email, owner_id):
        found["email"] = EMAIL_TAKEN
    return found


def _require_available(username: str | None, email: str | None, owner_id: int = 0) -> None:
    if taken := taken_values(username, email, owner_id):
        raise TakenError(taken)


def _require_another_admin(user: User) -> None:
    if user.is_admin:
        User.lock_admins()
    if user.is_last_admin:
        db.session.rollback()
        raise LastAdminError


def _change_profile(user: User, display_name: str | None, bio: str | None) -> None:
    """Nobody shows another member's username as their name."""
    if display_name is not None and display_name != user.display_name:
        if User.is_username_taken(display_name, user.id):
            raise TakenError({"display_name": NAME_OF_ANOTHER})
        user.display_name = display_name
    if bio is not None:
        user.bio = bio


def _change_identity(user: User, username: str | None, email: str | None) -> None:
    if email and email != user.email:
        _change_email(user, email)
    if username and username != user.username:
        _rename(user, username)


def _change_email(user: User, email: str) -> None:
    """Notify the former address: the change may not be by the owner."""
    notice = Mail.to(user.email, "address_changed", username=user.username, new_address=email)
    db.session.add(notice)
    user.change_email(email)


def _rename(user: User, username: str) -> None:
    """Redirect from the former username, unless only its case changes."""
    former_key = user.username_key
    _take_username(user, username)
    if user.username_key != former_key:
        FormerName.reserve(former_key, user.id)


def _take_username(user: User, username: str) -> None:
    """Flush the new name; from then on its former owner can no longer reserve it.

    Raises `IntegrityError` or `TakenError` for a name that was taken or reserved meanwhile.
    """
    user.rename(username)
    db.session.add(user)
    db.session.flush()
    FormerName.release(user.username_key, user.id)
    _require_available(username, None, user.id)


def _end_sessions(user: User) -> None:
    """End all sessions, also the current one, whose cookie may be copied; notify the address."""
    Session.end_all(user)
    db.session.add(Mail.to(user.email, "password_changed", username=user.username))
