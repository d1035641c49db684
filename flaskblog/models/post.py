"""A post, and what it was before it was edited."""

from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Self

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Select,
    String,
    Text,
    delete,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.orm import (
    Mapped,
    WriteOnlyMapped,
    defer,
    joinedload,
    mapped_column,
    relationship,
)
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.dml import Delete, ReturningInsert

from flaskblog import rules
from flaskblog.database import Base, Identity, now
from flaskblog.excerpts import excerpt
from flaskblog.markdown import RENDERER_VERSION, render
from flaskblog.models.authorship import Authorship
from flaskblog.models.revision import Revision
from flaskblog.models.user import User

KEPT_AFTER_DELETION = timedelta(days=30)
EXCERPT_LENGTH = 280
KEY_LENGTH = 64


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(rules.TITLE_LENGTH))
    content: Mapped[str] = mapped_column(Text)
    content_html: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(String(EXCERPT_LENGTH))
    renderer_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1)
    # Names the form that a post came from: sent twice, it makes one post.
    key: Mapped[str | None] = mapped_column(String(KEY_LENGTH))

    author: Mapped[User] = relationship()
    revisions: WriteOnlyMapped[Revision] = relationship(passive_deletes=True)

    # Who saves over a version they have not seen gets a StaleDataError.
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
        # Of the deleted alone: SQLite would take an index of all for a way to the living.
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
    def publish(
        cls,
        connection: Connection,
        author: User,
        title: str,
        content: str,
        key: str | None = None,
    ) -> int:
        """Store a new post and return its id; title and content have passed their rules.

        By two statements made once: a session makes its own each time, and takes thrice as long.
        Raises `IntegrityError` where the author has made a post from the same `key`, or is gone.
        """
        # All that takes time comes before the first write, from which on others wait.
        row = {"author_id": author.id, "title": title, "content": content, "key": key}
        row |= cls.rendered(content)
        connection.execute(User.wrote_one_more(), {"author_id": author.id})
        return connection.execute(_insertion(), row).scalar_one()

    @classmethod
    def living(cls) -> Select[Self]:
        """With their authors, in no order."""
        return (
            select(cls)
            .where(cls.deleted_at.is_(None))
            .options(joinedload(cls.author, innerjoin=True))
        )

    @classmethod
    def whole_newest_first(cls) -> Select[Self]:
        """For programs, which get the texts too. Ties in time are settled by id."""
        return cls.living().order_by(cls.created_at.desc(), cls.id.desc())

    @classmethod
    def after(cls, created_at: datetime, post_id: int) -> ColumnElement[bool]:
        """What stands after this place in a list of the newest, though its post may be gone."""
        return tuple_(cls.created_at, cls.id) < (created_at, post_id)

    @classmethod
    def rendered_long_ago(cls, *, after: int) -> Select[int, str]:
        """Ids and contents of what an older renderer wrote, in order and `after` an id."""
        return (
            select(cls.id, cls.content)
            .where(cls.renderer_version < RENDERER_VERSION, cls.id > after)
            .order_by(cls.id)
        )

    @classmethod
    def deleted_by(cls, author: User) -> Select[Self]:
        """What can still be restored, the latest deleted first."""
        return (
            select(cls)
            .where(cls.author_id == author.id, cls.deleted_at > now() - KEPT_AFTER_DELETION)
            .options(*_without_texts())
            .order_by(cls.deleted_at.desc(), cls.id.desc())
        )

    @classmethod
    def forgotten(cls) -> Delete:
        """Those deleted so long ago that they go for good."""
        return delete(cls).where(cls.deleted_at <= now() - KEPT_AFTER_DELETION)

    @classmethod
    def sent_from(cls, author: User, key: str) -> Select[Self]:
        """The post that a form has made already."""
        return select(cls).where(cls.author_id == author.id, cls.key == key)

    def revise(self, title: str, content: str) -> None:
        """Other words; what they replace is kept. Words that are the same change nothing."""
        if self.says(title, content):
            return
        self.revisions.add(
            Revision(
                version=self.version,
                title=self.title,
                content=self.content,
                written_at=self.updated_at,
            )
        )
        self._write(title, content)
        self.edited_at = now()

    def delete(self) -> None:
        self.deleted_at = now()
        self.author.posts_count = User.posts_count - 1

    def restore(self) -> None:
        self.deleted_at = None
        self.author.posts_count = User.posts_count + 1

    def says(self, title: str, content: str) -> bool:
        return (self.title, self.content) == (title, content)

    def is_editable_by(self, user: User) -> bool:
        return Authorship(self.id, self.author_id).is_editable_by(user)

    def is_deletable_by(self, user: User) -> bool:
        return Authorship(self.id, self.author_id).is_deletable_by(user)

    @property
    def updated_at(self) -> datetime:
        return self.edited_at or self.created_at

    # By the same word as a revision's, so that a history can list both.
    written_at = updated_at

    @property
    def kept_until(self) -> datetime | None:
        return self.deleted_at and self.deleted_at + KEPT_AFTER_DELETION

    def _write(self, title: str, content: str) -> None:
        self.title = title
        self.content = content
        for column, value in self.rendered(content).items():
            setattr(self, column, value)

    @staticmethod
    def rendered(content: str) -> dict[str, str | int]:
        """The columns that follow from the content."""
        html = render(content)
        return {
            "content_html": html,
            "excerpt": excerpt(html, EXCERPT_LENGTH),
            "renderer_version": RENDERER_VERSION,
        }


@cache
def _insertion() -> ReturningInsert[int]:
    return insert(Post).returning(Post.id)


def _without_texts() -> tuple[ExecutableOption, ...]:
    return defer(Post.content, raiseload=True), defer(Post.content_html, raiseload=True)
