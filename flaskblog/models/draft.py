"""Unpublished text, which only its author can read."""

from datetime import datetime
from typing import Self

from sqlalchemy import Delete, ForeignKey, Index, Select, String, Text, delete, func, select
from sqlalchemy.orm import Mapped, defer, mapped_column

from flaskblog.database.base import Base, Identity, now
from flaskblog.database.prepared import prepared
from flaskblog.extensions import db
from flaskblog.models.post import KEY_LENGTH, RESTORABLE, Post
from flaskblog.models.user import User

MAX_DELETED = 10  # of a member, which can be restored


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
    deleted_at: Mapped[datetime | None]

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
            .where(cls.author_id == author.id, cls.deleted_at.is_(None))
            .order_by(cls.updated_at.desc(), cls.id.desc())
        )

    @classmethod
    def last_of(cls, author: User, post_id: int | None) -> Select[Self]:
        """The draft of a post, or of a new post, that was saved last."""
        own = cls.of(author).options(defer(cls.content, raiseload=True))
        return own.where(cls.post_id == post_id).limit(1)

    @classmethod
    def count_of(cls, author: User) -> Select[int]:
        own = cls.author_id == author.id, cls.deleted_at.is_(None)
        return select(func.count()).select_from(cls).where(*own)

    @classmethod
    def by_id(cls, author: User, draft_id: int | None) -> Select[Self]:
        """Deleted or not."""
        return select(cls).where(cls.author_id == author.id, cls.id == draft_id)

    @classmethod
    def by_key(cls, author: User, key: str) -> Select[Self]:
        """Deleted or not: what is saved with the key of a deleted draft restores it."""
        return select(cls).where(cls.author_id == author.id, cls.key == key)

    @classmethod
    def deleted_by(cls, author: User) -> Select[Self]:
        """What the author can restore, the last deleted first."""
        return (
            select(cls)
            .where(cls.author_id == author.id, cls.deleted_at > now() - RESTORABLE)
            .options(defer(cls.content, raiseload=True))
            .order_by(cls.deleted_at.desc(), cls.id.desc())
            .limit(MAX_DELETED)
        )

    @classmethod
    def delete_expired(cls) -> None:
        """Delete for good what can no longer be restored."""
        db.session.execute(delete(cls).where(cls.deleted_at <= now() - RESTORABLE))

    def delete(self) -> None:
        """Keep it for 30 days, with the nine others that its author deleted last."""
        self.deleted_at = now()
        self._keep_time_of_saving()
        db.session.flush()
        deleted = Draft.author_id == self.author_id, Draft.deleted_at.is_not(None)
        newest_first = Draft.deleted_at.desc(), Draft.id.desc()
        last = select(Draft.id).where(*deleted).order_by(*newest_first).limit(MAX_DELETED)
        older = delete(Draft).where(*deleted, Draft.id.not_in(last))
        db.session.execute(older, execution_options={"synchronize_session": False})

    def restore(self) -> None:
        self.deleted_at = None
        self._keep_time_of_saving()

    def has_same_text(self, title: str, content: str) -> bool:
        return (self.title, self.content) == (title, content)

    def _keep_time_of_saving(self) -> None:
        self.updated_at = Draft.updated_at  # assigned, so that `onupdate` does not apply

    @classmethod
    def delete_by_key(cls, author_id: int, key: str) -> None:
        """Delete the draft whose text is published or no longer wanted, if there is one."""
        db.session.connection().execute(*cls._deletion(author_id, key))

    @classmethod
    @prepared
    def _deletion(cls, author_id: int, key: str) -> Delete:
        return delete(cls).where(cls.author_id == author_id, cls.key == key)
