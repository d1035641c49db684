"""Words on their way to a post; nobody but their author reaches them."""

from datetime import datetime
from functools import cache
from typing import Self

from sqlalchemy import ForeignKey, Index, Select, String, Text, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import Delete

from flaskblog.database import Base, Identity, now
from flaskblog.models.post import KEY_LENGTH, Post
from flaskblog.models.user import User


class Draft(Base):
    """Held under the key of the form it comes from, so that saving it again changes one row.

    Its words follow no rule yet: a draft may be too long, or empty in part.
    """

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    title: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    # The post that it changes, and the version of it that its author saw.
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
    def under(cls, author: User, key: str) -> Select[Self]:
        return select(cls).where(cls.author_id == author.id, cls.key == key)

    @classmethod
    @cache
    def done(cls) -> Delete:
        """The one of `author_id` and `key`, whose words are published or no longer wanted."""
        return (
            delete(cls)
            .where(cls.author_id == bindparam("author_id"), cls.key == bindparam("key"))
            .execution_options(synchronize_session=False)
        )
