"""A member: somebody with an account."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from hmac import compare_digest
from typing import Any, Self

from flask_login import UserMixin
from sqlalchemy import (
    BigInteger,
    Connection,
    Label,
    ScalarSelect,
    Select,
    String,
    delete,
    event,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column

from flaskblog import rules
from flaskblog.database.base import Base, Identity, now
from flaskblog.database.prepared import prepared
from flaskblog.extensions import db
from flaskblog.models.former_name import FormerName
from flaskblog.models.passwords import check_password, hash_password
from flaskblog.models.reset_token import write_reset_token
from flaskblog.urls import row_id

# The number of a PostgreSQL advisory lock that nothing else here takes.
SIGN_UP_LOCK = 1


class User(UserMixin, Base):
    __tablename__ = "user"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    username: Mapped[str] = mapped_column(String(rules.USERNAME_LENGTH))
    username_key: Mapped[str] = mapped_column(String(rules.USERNAME_LENGTH), unique=True)
    email: Mapped[str] = mapped_column(String(rules.EMAIL_LENGTH))
    email_key: Mapped[str] = mapped_column(String(rules.EMAIL_LENGTH), unique=True)
    password_hash: Mapped[str] = mapped_column(String(60))
    picture: Mapped[str | None] = mapped_column(String(40))
    # Both may be empty.
    display_name: Mapped[str] = mapped_column(
        String(rules.DISPLAY_NAME_LENGTH), default="", server_default=""
    )
    bio: Mapped[str] = mapped_column(String(rules.BIO_LENGTH), default="", server_default="")
    # Updated with every write of a post: no page counts posts.
    posts_count: Mapped[int] = mapped_column(default=0, server_default="0", index=True)
    # Of posts and their revisions; never less than there are, as only a recount subtracts what was
    # deleted. None: not counted yet.
    stored_bytes: Mapped[int | None] = mapped_column(BigInteger, default=0)
    is_admin: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=now)

    # The token of the session that this request came with.
    session_token = ""

    @hybrid_property
    def name(self) -> str:
        """The display name, or the username of a member without one."""
        return self.display_name or self.username

    @name.inplace.expression
    @classmethod
    def _name_expression(cls) -> Label[str]:
        return func.coalesce(func.nullif(cls.display_name, ""), cls.username).label("name")

    @classmethod
    def by_username(cls, username: str) -> Select[Self]:
        """In any case."""
        return select(cls).where(cls.username_key == rules.username_key(username))

    @classmethod
    def by_former_username(cls, username: str) -> Select[Self]:
        """Who gave the name up, as long as nobody else has taken it and the account exists."""
        return (
            select(cls)
            .join(FormerName)
            .where(FormerName.username_key == rules.username_key(username))
        )

    @classmethod
    def by_email(cls, email: str) -> Select[Self]:
        """In any spelling of the address."""
        return select(cls).where(cls.email_key == rules.email_key(email))

    @classmethod
    def is_username_taken(cls, username: str, owner_id: int = 0) -> bool:
        """Whether somebody other than the owner has the username, or has it reserved."""
        key = rules.username_key(username)
        # The members first: a name that is given up meanwhile is reserved from then on.
        holder = select(cls.id).where(cls.username_key == key, cls.id != owner_id)
        reserved = select(FormerName.username_key).where(
            FormerName.username_key == key,
            FormerName.user_id.is_distinct_from(owner_id),
            FormerName.reserved_until > now(),
        )
        return any(db.session.scalar(query) is not None for query in (holder, reserved))

    @classmethod
    def is_email_taken(cls, email: str, owner_id: int = 0) -> bool:
        """Whether somebody other than the owner has the address, in any spelling."""
        holder = cls.by_email(email).with_only_columns(cls.id).where(cls.id != owner_id)
        return db.session.scalar(holder) is not None

    @classmethod
    def by_login(cls, login: str) -> Select[Self]:
        """By username or e-mail address; a username never contains an `@`."""
        return cls.by_email(login) if "@" in login else cls.by_username(login)

    @classmethod
    def by_id_or_username(cls, text: str) -> Select[Self]:
        """A username of digits gives way to the id that it looks like."""
        try:
            same_id = cls.id == row_id(text)
        except ValueError:
            return cls.by_username(text)
        return (
            select(cls)
            .where(or_(same_id, cls.username_key == text))
            .order_by(same_id.desc())
            .limit(1)
        )

    @classmethod
    @prepared
    def profile(cls, username_key: str) -> Select[*tuple[Any, ...]]:
        """The public columns of one member."""
        return select(
            cls.id,
            cls.username,
            cls.name,
            cls.bio,
            cls.picture,
            cls.created_at,
            cls.posts_count,
        ).where(cls.username_key == username_key)

    @classmethod
    @prepared
    def totals(cls) -> Select[int, int]:
        """How many members there are, and how many posts."""
        return select(func.count(), func.coalesce(func.sum(cls.posts_count), 0)).select_from(cls)

    @classmethod
    def posts_total(cls) -> ScalarSelect[int]:
        """How many posts there are, as a subquery."""
        members = aliased(cls)
        return select(func.coalesce(func.sum(members.posts_count), 0)).scalar_subquery()

    @classmethod
    def members_total(cls) -> ScalarSelect[int]:
        """How many members there are, as a subquery."""
        return select(func.count()).select_from(aliased(cls)).scalar_subquery()

    @classmethod
    def admins(cls) -> Select[str]:
        """The usernames of the first ten."""
        return select(cls.username).where(cls.is_admin).order_by(cls.id).limit(10)

    @classmethod
    def addresses_of_admins(cls) -> Select[str]:
        return select(cls.email).where(cls.is_admin).order_by(cls.id)

    @classmethod
    def authors_in_range(cls, first: int, end: int) -> Select[str]:
        """The usernames of members with posts, for ids from `first` to before `end`."""
        return (
            select(cls.username)
            .where(cls.id >= first, cls.id < end, cls.posts_count > 0)
            .order_by(cls.id)
        )

    @classmethod
    def pictures_among(cls, names: Collection[str]) -> Select[str | None]:
        """Those of these files that are a member's picture."""
        return select(cls.picture).where(cls.picture.in_(names))

    @classmethod
    def pictures_count(cls) -> Select[int]:
        return select(func.count(cls.picture))

    @classmethod
    def lock_admins(cls) -> None:
        """Let nobody else make or delete admins before the commit."""
        db.session.execute(update(cls).where(cls.is_admin).values(is_admin=cls.is_admin))

    @property
    def is_last_admin(self) -> bool:
        admins = select(User.id).where(User.is_admin).limit(2)
        return self.is_admin and db.session.scalars(admins).all() == [self.id]

    def rename(self, username: str) -> None:
        self.username = username
        self.username_key = rules.username_key(username)

    def change_email(self, email: str) -> None:
        self.email = email
        self.email_key = rules.email_key(email)

    def lock(self) -> None:
        """Reload the row, which nobody else can change before the commit."""
        self.lock_row()
        db.session.refresh(self)

    def lock_row(self) -> None:
        """Let nobody else change the row before the commit."""
        # An update on every engine: SQLite has no SELECT FOR UPDATE.
        locked = update(User).where(User.id == self.id).values(username=User.username)
        db.session.execute(locked)

    def locked_password_hash(self) -> str | None:
        """The stored hash, which nobody else can change before the commit."""
        return db.session.scalar(
            select(User.password_hash).where(User.id == self.id).with_for_update(read=True)
        )

    def reset_password(self, password: str) -> bool:
        """Return False where the password was changed since this row was loaded."""
        return (
            db.session.scalar(
                update(User)
                .where(User.id == self.id, User.password_hash == self.password_hash)
                .values(password_hash=hash_password(password))
                .returning(User.id)
            )
            is not None
        )

    def delete(self) -> str | None:
        """With everything that belongs to the member; return the name of the picture's file.

        The usernames stay reserved, without anything that tells whose they were.
        """
        deletion = delete(User).where(User.id == self.id)
        returned = deletion.returning(User.picture, User.username_key)
        deleted = db.session.execute(returned).one_or_none()
        if deleted is None:
            return None
        FormerName.reserve(deleted.username_key, None)
        FormerName.delete_expired()
        picture: str | None = deleted.picture
        return picture

    def is_editable_by(self, user: Self) -> bool:
        return self.id == user.id or user.is_admin

    def has_password(self, password: str) -> bool:
        return check_password(self.password_hash, password)

    def get_id(self) -> str:
        """The token of one session, for the cookie: not the id of the member."""
        return self.session_token

    def reset_token(self) -> str:
        """Allows its bearer to set a new password, once, within 30 minutes."""
        return write_reset_token(self.id, self._reset_fingerprint)

    def matches_reset_token(self, fingerprint: str) -> bool:
        """Whether password and address are still those that the token was made for."""
        return compare_digest(self._reset_fingerprint, fingerprint)

    @property
    def _reset_fingerprint(self) -> str:
        made_for = f"{self.password_hash} {self.email_key}"
        return hashlib.sha256(made_for.encode()).hexdigest()[:32]


@event.listens_for(User, "before_insert")
def _serialize_sign_ups(_mapper: Any, connection: Connection, _user: User) -> None:
    # Otherwise two first members at once would both become admin. SQLite serializes writes anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(SIGN_UP_LOCK)))
