"""What goes with a change of a person's name, address or password, however it is asked for."""

from flaskblog import rules
from flaskblog.extensions import db
from flaskblog.models import FormerName, Mail, Session, User


def change_address(user: User, new: str) -> None:
    """Move, and write a note to the old address, which need not be theirs who asks."""
    db.session.add(Mail.to(user.email, "address_changed", username=user.username, new_address=new))
    user.move_to(new)


def change_name(user: User, new: str) -> None:
    """Rename; links to the old name go on to lead somewhere, unless only its case differs."""
    db.session.execute(FormerName.taken(new))
    if rules.username_key(new) != user.username_key:
        db.session.merge(FormerName(username_key=user.username_key, user_id=user.id))
    user.rename(new)


def end_old_password(user: User) -> None:
    """End every session, the one at hand too: who copied it has it no longer; and write a note.

    It goes to the address that the person has until now, so move them afterwards.
    """
    db.session.execute(Session.all_ended(user))
    db.session.add(Mail.to(user.email, "password_changed", username=user.username))
