"""One log-in on one device; a cookie or an API token names it, and only its digest is stored."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from sqlalchemy import ForeignKey, Row, Select, String, Update, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flaskblog.database.base import Base, Identity, now
from flaskblog.database.prepared import prepared
from flaskblog.extensions import db
from flaskblog.models.user import User

LIFETIME = timedelta(days=1)
REMEMBERED_LIFETIME = timedelta(days=30)
API_LIFETIME = timedelta(hours=1)
# How often `last_seen_at` is updated at most: reading pages must not write each time.
SEEN_INTERVAL = timedelta(minutes=5)
BROWSER_LENGTH = 255
ADDRESS_LENGTH = 45  # of an IPv6 address that holds an IPv4 one


class Kind(StrEnum):
    """What a session authenticates; a cookie is not accepted as a token, nor vice versa."""

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
        """Return a new row and its token, which is stored nowhere."""
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
    def lookup(cls, token: str, kind: Kind = Kind.PAGES) -> Row[*tuple[User, int, datetime]] | None:
        """Return the member, the id of the session and its `last_seen_at`."""
        return db.session.execute(*cls._active(_digest(token), kind, now())).one_or_none()

    @classmethod
    @prepared
    def _active(cls, digest: str, kind: Kind, time: datetime) -> Select[User, int, datetime]:
        return (
            select(User, cls.id, cls.last_seen_at)
            .join(cls.user)
            .where(cls.token_digest == digest, cls.kind == kind, cls.expires_at > time)
        )

    @classmethod
    def of(cls, user: User) -> Select[Self]:
        """The active ones, the last seen first."""
        return (
            select(cls)
            .where(cls.user_id == user.id, cls.expires_at > now())
            .order_by(cls.last_seen_at.desc(), cls.id.desc())
        )

    @classmethod
    def end(cls, token: str) -> None:
        db.session.execute(delete(cls).where(cls.token_digest == _digest(token)))

    @classmethod
    def end_all(cls, user: User) -> None:
        db.session.execute(delete(cls).where(cls.user_id == user.id))

    @classmethod
    def end_everyones(cls) -> None:
        db.session.execute(delete(cls))

    @classmethod
    def end_others(cls, user: User) -> None:
        """All sessions of a member but the one of this request."""
        current = _digest(user.session_token)
        db.session.execute(delete(cls).where(cls.user_id == user.id, cls.token_digest != current))

    @classmethod
    def delete_expired(cls) -> None:
        db.session.execute(delete(cls).where(cls.expires_at <= now()))

    @classmethod
    def seen_statement(cls, session_id: int) -> Update:
        """Sets `last_seen_at`; for a transaction apart from the one of the request."""
        return update(cls).where(cls.id == session_id).values(last_seen_at=now())

    def is_named_by(self, token: str) -> bool:
        return self.token_digest == _digest(token)

    @property
    def is_api(self) -> bool:
        return self.kind == Kind.API


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
