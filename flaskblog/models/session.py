"""One log-in on one device. Cookie or API token name it; the database has only their digest."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Self

from sqlalchemy import ForeignKey, Select, String, Update, bindparam, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql.dml import Delete

from flaskblog.database import Base, Identity, now
from flaskblog.models.user import User

LIFETIME = timedelta(days=1)
REMEMBERED_LIFETIME = timedelta(days=30)
API_LIFETIME = timedelta(hours=1)
# Seen again within this time, the row is left alone: reading pages must not write.
SEEN_INTERVAL = timedelta(minutes=5)
BROWSER_LENGTH = 255
ADDRESS_LENGTH = 45  # of an IPv6 address that holds an IPv4 one


class Kind(StrEnum):
    """What a session is good for: neither opens what the other does."""

    PAGES = "pages"
    API = "api"


class Session(Base):
    __tablename__ = "session"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    browser: Mapped[str] = mapped_column(String(BROWSER_LENGTH))
    kind: Mapped[str] = mapped_column(String(8), default=Kind.PAGES, server_default=Kind.PAGES)

    user: Mapped[User] = relationship()

    @classmethod
    def begin(
        cls,
        user: User,
        *,
        lifetime: timedelta,
        address: str,
        browser: str,
        kind: Kind = Kind.PAGES,
    ) -> tuple[Self, str]:
        """A new row and the token that names it, which is known nowhere else."""
        token = secrets.token_urlsafe(32)
        row = cls(
            user=user,
            token_digest=_digest(token),
            expires_at=now() + lifetime,
            address=address[:ADDRESS_LENGTH],
            browser=browser[:BROWSER_LENGTH],
            kind=kind,
        )
        return row, token

    @classmethod
    @cache
    def living(cls) -> Select[User, int, datetime]:
        """A person, the number of the session and when it was last seen; `named` tells whose."""
        return (
            select(User, cls.id, cls.last_seen_at)
            .join(cls.user)
            .where(
                cls.token_digest == bindparam("digest"),
                cls.kind == bindparam("kind"),
                cls.expires_at > bindparam("time"),
            )
        )

    @staticmethod
    def named(token: str, kind: Kind = Kind.PAGES) -> dict[str, str | datetime]:
        return {"digest": _digest(token), "kind": kind, "time": now()}

    @classmethod
    def ended_by(cls, token: str) -> Delete:
        return delete(cls).where(cls.token_digest == _digest(token))

    @classmethod
    def of(cls, user: User) -> Select[Self]:
        """Where somebody is logged in, the latest seen first."""
        return (
            select(cls)
            .where(cls.user_id == user.id, cls.expires_at > now())
            .order_by(cls.last_seen_at.desc(), cls.id.desc())
        )

    @classmethod
    def all_ended(cls, user: User) -> Delete:
        return delete(cls).where(cls.user_id == user.id)

    @classmethod
    def others_ended(cls, user: User) -> Delete:
        """All of a person's sessions but the one they came with."""
        return cls.all_ended(user).where(cls.token_digest != _digest(user.session_token))

    @classmethod
    def seen(cls, session_id: int) -> Update:
        return update(cls).where(cls.id == session_id).values(last_seen_at=now())

    @classmethod
    def expired(cls) -> Delete:
        return delete(cls).where(cls.expires_at <= now())

    def is_named_by(self, token: str) -> bool:
        return self.token_digest == _digest(token)

    @property
    def is_of_program(self) -> bool:
        return self.kind == Kind.API

    @staticmethod
    def is_due_to_be_seen(last_seen_at: datetime) -> bool:
        return now() - last_seen_at > SEEN_INTERVAL


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
