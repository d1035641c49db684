"""A published post."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Self

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    Update,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import (
    Mapped,
    WriteOnlyMapped,
    defer,
    foreign,
    joinedload,
    mapped_column,
    relationship,
)
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.dml import ReturningInsert

from flaskblog import rules
from flaskblog.database.base import Base, Identity, now
from flaskblog.database.prepared import prepared
from flaskblog.extensions import db
from flaskblog.models.authorship import Authored
from flaskblog.models.revision import Revision
from flaskblog.models.user import User
from flaskblog.text.excerpts import excerpt
from flaskblog.text.markdown import RENDERER_VERSION, render
from flaskblog.text.reading_time import reading_minutes

RESTORABLE = timedelta(days=30)
EXCERPT_LENGTH = 280
KEY_LENGTH = 64


class Post(Authored, Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(rules.TITLE_LENGTH))
    content: Mapped[str] = mapped_column(Text)
    content_html: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(String(EXCERPT_LENGTH))
    reading_minutes: Mapped[int] = mapped_column(server_default="1")
    renderer_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None] = mapped_column()
    # No foreign key, which SQLite would copy all posts for; an id is not given again.
    deleted_by_id: Mapped[int | None] = mapped_column(Identity)
    # Of an admin, who may give none; None if the author deleted the post.
    deletion_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    # The key of the form that the post came from: submitted twice, it creates one post.
    key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))

    author: Mapped[User] = relationship(foreign_keys=author_id)
    deleter: Mapped[User | None] = relationship(
        primaryjoin=lambda: foreign(Post.deleted_by_id) == User.id, viewonly=True
    )
    revisions: WriteOnlyMapped[Revision] = relationship(passive_deletes=True)

    # Saving over a version that the author has not seen raises StaleDataError.
    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (
        Index(
            "ix_post_newest",
            "created_at",
            "id",
            sqlite_where=deleted_at.is_(None),
            postgresql_where=deleted_at.is_(None),
        ),
        Index(
            "ix_post_author_newest",
            "author_id",
            "created_at",
            "id",
            sqlite_where=deleted_at.is_(None),
            postgresql_where=deleted_at.is_(None),
        ),
        # Of deleted posts alone: SQLite would use a full index to find the visible ones.
        Index(
            "ix_post_deleted_at",
            "deleted_at",
            sqlite_where=deleted_at.is_not(None),
            postgresql_where=deleted_at.is_not(None),
        ),
        Index("uq_post_author_id_key", "author_id", "key", unique=True),
        CheckConstraint(func.length(title) <= rules.TITLE_LENGTH, name="title_length"),
        CheckConstraint(func.length(content) <= rules.CONTENT_LENGTH, name="content_length"),
        {"sqlite_autoincrement": True},
    )

    @classmethod
    def insert(cls, author_id: int, title: str, content: str, key: str | None) -> int:
        """Store a new post and return its id; title and content have passed their rules.

        Raises `IntegrityError` if the author has published from the same `key`, or is deleted.
        """
        # Rendering takes time: it comes before the first write, from which on other writers wait.
        row = {"author_id": author_id, "title": title, "content": content, "key": key}
        row |= cls.rendered(content)
        connection = db.session.connection()
        size = byte_size(title, content, str(row["content_html"]))
        connection.execute(*cls._count_post(author_id, size))
        return connection.execute(cls._insertion().statement, row).scalar_one()

    @classmethod
    @prepared
    def _count_post(cls, author_id: int, size: int) -> Update:
        counts = {"posts_count": User.posts_count + 1, "stored_bytes": User.stored_bytes + size}
        return update(User).where(User.id == author_id).values(counts)

    @classmethod
    @prepared
    def _insertion(cls) -> ReturningInsert[int]:
        return insert(cls).returning(cls.id)

    @classmethod
    def visible(cls) -> Select[Self]:
        """With their authors, in no order."""
        return (
            select(cls)
            .where(cls.deleted_at.is_(None))
            .options(joinedload(cls.author, innerjoin=True))
        )

    @classmethod
    def newest_first(cls) -> Select[Self]:
        """Visible posts with their texts; posts of the same time are ordered by id."""
        return cls.visible().order_by(cls.created_at.desc(), cls.id.desc())

    @classmethod
    def is_before(cls, created_at: datetime, post_id: int) -> ColumnElement[bool]:
        """Whether a post comes after this place in a list of the newest first."""
        return tuple_(cls.created_at, cls.id) < (created_at, post_id)

    @classmethod
    def rendered_by_older_version(cls, *, after: int) -> Select[int, str]:
        """Ids and contents, ordered by id and `after` an id."""
        return (
            select(cls.id, cls.content)
            .where(cls.renderer_version < RENDERER_VERSION, cls.id > after)
            .order_by(cls.id)
        )

    @classmethod
    def deleted_by(cls, author: User) -> Select[Self]:
        """An author's posts that can still be restored, by somebody; the last deleted first."""
        return (
            cls.deleted()
            .where(cls.author_id == author.id)
            .options(*_without_texts())
            .order_by(cls.deleted_at.desc(), cls.id.desc())
        )

    @classmethod
    def deleted(cls) -> Select[Self]:
        """With the members who deleted them, until they are deleted for good."""
        return (
            select(cls).where(cls.deleted_at > now() - RESTORABLE).options(joinedload(cls.deleter))
        )

    @classmethod
    def has_existed(cls, post_id: int) -> bool:
        """Whether a post with this id has been deleted, as far as the later posts tell."""
        latest = db.session.scalar(select(func.max(cls.id)))
        return latest is not None and post_id <= latest

    @classmethod
    def delete_expired(cls) -> None:
        """Delete for good what can no longer be restored."""
        db.session.execute(delete(cls).where(cls.deleted_at <= now() - RESTORABLE))

    @classmethod
    def by_key(cls, author: User, key: str) -> Select[Self]:
        """The post that was published from a form, deleted or not."""
        return select(cls).where(cls.author_id == author.id, cls.key == key)

    def revise(self, title: str, content: str) -> None:
        """Replace the text and keep the former one as a revision; the same text changes nothing."""
        if self.has_same_text(title, content):
            return
        self.revisions.add(
            Revision(
                version=self.version,
                title=self.title,
                content=self.content,
                written_at=self.updated_at,
            )
        )
        former_html = self.content_html
        self.title = title
        self.content = content
        for column, value in self.rendered(content).items():
            setattr(self, column, value)
        self.edited_at = now()
        growth = byte_size(title, content, self.content_html) - byte_size(former_html)
        self.author.stored_bytes = User.stored_bytes + growth

    def is_restorable_by(self, user: User) -> bool:
        """What an admin has deleted, admins restore."""
        return self.is_editable_by(user) if self.deletion_reason is None else user.is_admin

    def delete(self, by: User | None = None, reason: str = "") -> None:
        """By the author, unless an admin is given, whose reason the author can read."""
        self.deleted_by_id = by.id if by else self.author_id
        self.deletion_reason = None if self.deleted_by_id == self.author_id else reason
        self.deleted_at = now()
        self.author.posts_count = User.posts_count - 1

    def restore(self) -> None:
        self.deleted_at = self.deleted_by_id = self.deletion_reason = None
        self.author.posts_count = User.posts_count + 1

    def has_same_text(self, title: str, content: str) -> bool:
        return (self.title, self.content) == (title, content)

    @property
    def updated_at(self) -> datetime:
        return self.edited_at or self.created_at

    # Under the same name as a revision's, so that a history can list both.
    written_at = updated_at

    @property
    def restorable_until(self) -> datetime | None:
        return self.deleted_at and self.deleted_at + RESTORABLE

    @staticmethod
    def rendered(content: str) -> dict[str, str | int]:
        """The columns that are derived from the content."""
        html = render(content)
        return {
            "content_html": html,
            "excerpt": excerpt(html, EXCERPT_LENGTH),
            "reading_minutes": reading_minutes(content),
            "renderer_version": RENDERER_VERSION,
        }


def byte_size(*texts: str) -> int:
    """The bytes of texts in UTF-8, as PostgreSQL and SQLite store them."""
    return sum(len(text.encode()) for text in texts)


def _without_texts() -> tuple[ExecutableOption, ...]:
    return defer(Post.content, raiseload=True), defer(Post.content_html, raiseload=True)
