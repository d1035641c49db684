"""Usernames that members had before."""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from flaskblog import rules
from flaskblog.database.base import Base, now
from flaskblog.extensions import db

RESERVED = timedelta(days=365)
# Otherwise one member could reserve any number of names.
MAX_RESERVED = 20


def _year_from_now() -> datetime:
    return now() + RESERVED


class FormerName(Base):
    """A username that a member gave up, or that a deleted account had (without a `user_id`).

    Until `reserved_until` only the member can take it back, or nobody; links to it redirect to the
    member until somebody else takes it.
    """

    __tablename__ = "former_name"

    username_key: Mapped[str] = mapped_column(String(rules.USERNAME_LENGTH), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(
        ForeignKey("user.id", ondelete="SET NULL"), index=True
    )
    reserved_until: Mapped[datetime] = mapped_column(default=_year_from_now)

    @classmethod
    def reserve(cls, key: str, user_id: int | None) -> None:
        """Reserve a name for a year; of one member's names, only the latest stay reserved."""
        db.session.merge(cls(username_key=key, user_id=user_id, reserved_until=_year_from_now()))
        if user_id is None:
            return
        older = (
            select(cls.username_key)
            .where(cls.user_id == user_id)
            .order_by(cls.reserved_until.desc())
            .offset(MAX_RESERVED)
        )
        db.session.execute(
            update(cls).where(cls.username_key.in_(older)).values(reserved_until=now()),
            execution_options={"synchronize_session": False},
        )

    @classmethod
    def release(cls, key: str, user_id: int) -> None:
        """Stop redirecting from a name that this member takes, unless it is reserved for others."""
        is_free = or_(cls.user_id == user_id, cls.reserved_until <= now())
        db.session.execute(delete(cls).where(cls.username_key == key, is_free))

    @classmethod
    def delete_expired(cls) -> None:
        """Delete the names of deleted accounts that are no longer reserved."""
        db.session.execute(delete(cls).where(cls.user_id.is_(None), cls.reserved_until <= now()))
