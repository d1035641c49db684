"""Earlier versions of edited posts."""

from datetime import datetime
from typing import Any, Self

from sqlalchemy import ForeignKey, Select, String, Text, func, select
from sqlalchemy.orm import Mapped, aliased, mapped_column

from flaskblog import rules
from flaskblog.database.base import Base, Identity, now
from flaskblog.models.authorship import Authored
from flaskblog.models.user import User


class Revision(Base):
    __tablename__ = "revision"

    post_id: Mapped[int] = mapped_column(
        ForeignKey("post.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(rules.TITLE_LENGTH))
    content: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    # As `Post.deleted_by_id`, no foreign key.
    hidden_by_id: Mapped[int | None] = mapped_column(Identity)

    @classmethod
    def edits_of(cls, post_id: int) -> "Select[Self, Self | None]":
        """Each with the revision that replaced it, or None for the current text; newest first."""
        newer, between = aliased(cls), aliased(cls)
        next_version = (
            select(func.min(between.version))
            .where(between.post_id == cls.post_id, between.version > cls.version)
            .scalar_subquery()
        )
        return (
            select(cls, newer)
            .outerjoin(newer, (newer.post_id == cls.post_id) & (newer.version == next_version))
            .where(cls.post_id == post_id)
            .order_by(cls.version.desc())
        )

    def is_visible_to(self, user: Any, post: Authored) -> bool:
        return self.hidden_at is None or self.is_hideable_by(user, post)

    def is_hideable_by(self, user: Any, post: Authored) -> bool:
        """`user` may be a visitor."""
        return bool(user.is_authenticated) and post.is_deletable_by(user)

    def is_showable_by(self, user: User) -> bool:
        """Whether the member may show it again: what an admin has hidden, admins show."""
        return user.is_admin or self.hidden_by_id == user.id

    def hide(self, user: User) -> None:
        self.hidden_at, self.hidden_by_id = now(), user.id

    def show(self) -> None:
        self.hidden_at = self.hidden_by_id = None

    @classmethod
    def count_of(cls, post_id: int) -> Select[int]:
        return select(func.count()).select_from(cls).where(cls.post_id == post_id)
