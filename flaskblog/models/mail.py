"""The outbox: a row for each mail, written in the transaction that causes it.

It is deleted once a mail server accepted the mail, and contains no secret: links are made when it
is sent.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, Self

from sqlalchemy import JSON, Select, String, Text, Update, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from flaskblog import rules
from flaskblog.database.base import Base, Identity, now
from flaskblog.extensions import db

Template = Literal[
    "reset_password", "address_changed", "password_changed", "alert", "alert_resolved"
]  # fmt: skip
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
        """A new row; the address is kept as typed, whether or not it has an account."""
        return cls(recipient=recipient, template=template, context=context)

    @classmethod
    def claim_next(cls, lease: timedelta) -> Self | None:
        """Claim a due mail for the time of the lease, in one statement that no two workers can win.

        Those with the fewest attempts come first, so that a failing address delays no other.
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
        return db.session.scalar(
            update(cls)
            .where(cls.id == next_due)
            .values(due_at=time + lease, attempts=cls.attempts + 1)
            .returning(cls)
        )

    @classmethod
    def oldest_first(cls) -> Select[Self]:
        return select(cls).order_by(cls.created_at, cls.id)

    @classmethod
    def counts(cls) -> Select[int, int, datetime | None]:
        """How many are waiting, how many have failed, and how old the oldest waiting one is."""
        is_waiting = cls.failed_at.is_(None)
        return select(
            func.count().filter(is_waiting),
            func.count(cls.failed_at),
            func.min(cls.created_at).filter(is_waiting),
        )

    @classmethod
    def number_failed_since(cls, time: datetime, *, except_for: Iterable[Template]) -> Select[int]:
        is_other = cls.template.not_in(except_for)
        return select(func.count()).where(cls.failed_at > time, is_other)

    @classmethod
    def retry_failed(cls) -> int:
        """Make every failed mail due again, as if it were new; return how many there were."""
        retried = db.session.scalars(
            update(cls)
            .where(cls.failed_at.is_not(None))
            .values(failed_at=None, created_at=now(), due_at=now(), attempts=0, last_error="")
            .returning(cls.id)
        )
        return len(retried.all())

    @classmethod
    def delete_failed(cls) -> None:
        """Those that failed more than 30 days ago."""
        db.session.execute(delete(cls).where(cls.failed_at <= now() - FAILED_LIFETIME))

    @property
    def reference(self) -> str:
        """The same for every attempt, so that a mailbox can drop a duplicate."""
        return f"{self.created_at:%Y%m%dT%H%M%S.%f}-{self.id}"

    def delete(self) -> None:
        db.session.execute(delete(Mail).where(Mail.id == self.id))

    def retry_later(self, delay: timedelta, error: str) -> None:
        db.session.execute(self._if_claimed().values(due_at=now() + delay, last_error=error))

    def give_up(self, error: str) -> None:
        db.session.execute(self._if_claimed().values(failed_at=now(), last_error=error))

    def _if_claimed(self) -> Update:
        # Another worker that claimed the row after the lease has counted an attempt.
        return update(Mail).where(Mail.id == self.id, Mail.attempts == self.attempts)
