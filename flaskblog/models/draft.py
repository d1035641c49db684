"""Unpublished text, which only its author can read."""

from datetime import datetime
from typing import Self

from sqlalchemy import Delete, ForeignKey, Index, Select, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from flaskblog.database.base import Base, Identity, now
from flaskblog.database.prepared import prepared
from flaskblog.extensions import db
from flaskblog.models.post import KEY_LENGTH, Post
from flaskblog.models.user import User


class Draft(Base):
    """Stored under the key of its form, so that saving it again updates one row.

    It may be without a title, or with one that is too long for a post.
    """

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    title: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    # The post that it edits, and the version of the post that its author saw.
    post_id: Mapped[int | None] = mapped_column(ForeignKey(Post.id, ondelete="SET NULL"))
    version: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)

    __table_args__ = (
        Index("uq_draft_author_id_key", "author_id", "key", unique=True),
        Index("ix_draft_author_newest", "author_id", "updated_at", "id"),
        Index("ix_draft_post_id", "post_id"),
        {"sqlite_autoincrement": True},
    )

    @classmethod
    def of(cls, author: User) -> Select[Self]:
        return (
            select(cls)
            .where(cls.author_id == author.id)
            .order_by(cls.updated_at.desc(), cls.id.desc())
        )

    @classmethod
    def count_of(cls, author: User) -> Select[int]:
        return select(func.count()).select_from(cls).where(cls.author_id == author.id)

    @classmethod
    def by_key(cls, author: User, key: str) -> Select[Self]:
        return select(cls).where(cls.author_id == author.id, cls.key == key)

    @classmethod
    def delete_by_key(cls, author_id: int, key: str) -> None:
        """Delete the draft whose text is published or no longer wanted, if there is one."""
        db.session.connection().execute(*cls._deletion(author_id, key))

    @classmethod
    @prepared
    def _deletion(cls, author_id: int, key: str) -> Delete:
        return delete(cls).where(cls.author_id == author_id, cls.key == key)
