"""A mail that is still to be sent; it holds no secret, as links are made when it goes.

The row is written in the transaction that causes the mail, and lives until a mail server took it.
"""

from datetime import datetime, timedelta
from typing import Literal, Self

from sqlalchemy import JSON, Select, String, Text, Update, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import Delete, ReturningUpdate

from flaskblog import rules
from flaskblog.database import Base, Identity, now

Template = Literal["reset_password", "address_changed", "password_changed"]
TEMPLATE_LENGTH = 40
FAILED_LIFETIME = timedelta(days=30)


class Mail(Base):
    __tablename__ = "mail"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    template: Mapped[str] = mapped_column(String(TEMPLATE_LENGTH))
    recipient: Mapped[str] = mapped_column(String(rules.EMAIL_LENGTH))
    context: Mapped[dict[str, str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")

    @classmethod
    def to(cls, recipient: str, template: Template, **context: str) -> Self:
        """A mail to add to the session; the address is kept as typed, whoever it belongs to."""
        return cls(recipient=recipient, template=template, context=context)

    @classmethod
    def claim_next(cls, lease: timedelta) -> ReturningUpdate[Self]:
        """Take one due mail for as long as the lease, in one statement that no two can win.

        Those tried least go first, so that an address that always fails holds up no other.
        """
        time = now()
        next_due = (
            select(cls.id)
            .where(cls.failed_at.is_(None), cls.due_at <= time)
            .order_by(cls.attempts, cls.due_at, cls.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .correlate(None)
            .scalar_subquery()
        )
        return (
            update(cls)
            .where(cls.id == next_due)
            .values(due_at=time + lease, attempts=cls.attempts + 1)
            .returning(cls)
        )

    @classmethod
    def unsent(cls) -> Select[Self]:
        return select(cls).order_by(cls.created_at, cls.id)

    @classmethod
    def tally(cls) -> Select[int, int, datetime | None]:
        """How many wait, how many have failed, and since when the oldest waits."""
        waits = cls.failed_at.is_(None)
        return select(
            func.count().filter(waits),
            func.count(cls.failed_at),
            func.min(cls.created_at).filter(waits),
        )

    @classmethod
    def failed_revived(cls) -> ReturningUpdate[int]:
        """Let every failed mail begin its day anew."""
        return (
            update(cls)
            .where(cls.failed_at.is_not(None))
            .values(failed_at=None, created_at=now(), due_at=now(), attempts=0)
            .returning(cls.id)
        )

    @classmethod
    def failed_long_ago(cls) -> Delete:
        return delete(cls).where(cls.failed_at <= now() - FAILED_LIFETIME)

    @property
    def reference(self) -> str:
        """The same for every attempt, so that a mailbox that gets it twice can tell."""
        return f"{self.created_at:%Y%m%dT%H%M%S.%f}-{self.id}"

    def done(self) -> Delete:
        return delete(Mail).where(Mail.id == self.id)

    def put_off(self, delay: timedelta, error: str) -> Update:
        return self._held().values(due_at=now() + delay, last_error=error)

    def given_up(self, error: str) -> Update:
        return self._held().values(failed_at=now(), last_error=error)

    def _held(self) -> Update:
        # Whoever claims the row counts an attempt: a claim that outlived its lease changes nothing.
        return update(Mail).where(Mail.id == self.id, Mail.attempts == self.attempts)
