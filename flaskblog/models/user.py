"""A person with an account."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from functools import cache
from hmac import compare_digest
from typing import Any, Self

from flask_login import UserMixin
from sqlalchemy import (
    Connection,
    ScalarSelect,
    Select,
    String,
    Update,
    bindparam,
    delete,
    event,
    exists,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.sql.dml import ReturningDelete, ReturningUpdate

from flaskblog import rules
from flaskblog.addresses import row_id
from flaskblog.database import Base, Identity, now
from flaskblog.models.former_name import FormerName
from flaskblog.models.reset_token import write_reset_token
from flaskblog.passwords import check_password, hash_password

# Any number that no other advisory lock of this site has.
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
    # Kept where it changes: no page counts posts.
    posts_count: Mapped[int] = mapped_column(default=0, server_default="0", index=True)
    is_admin: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=now)

    # Names the session this person came with; set where a session begins or is found.
    session_token = ""

    @classmethod
    def register(cls, username: str, email: str, password: str) -> Self:
        """A new person; each value has passed its rule. Hashing takes a fifth of a second.

        The first one on an empty site is its admin.
        """
        user = cls(password_hash=hash_password(password), is_admin=~exists(select(User.id)))
        user.rename(username)
        user.move_to(email)
        return user

    @classmethod
    def named(cls, username: str) -> Select[Self]:
        return select(cls).where(cls.username_key == rules.username_key(username))

    @classmethod
    @cache
    def in_profile(cls) -> Select[*tuple[Any, ...]]:
        """What everybody may see of the person whose `username_key` is given when it runs."""
        return select(cls.id, cls.username, cls.picture, cls.created_at, cls.posts_count).where(
            cls.username_key == bindparam("username_key")
        )

    @classmethod
    def once_named(cls, username: str) -> Select[Self]:
        """Who gave the name up, for as long as nobody else has taken it."""
        return (
            select(cls)
            .join(FormerName)
            .where(FormerName.username_key == rules.username_key(username))
        )

    @classmethod
    @cache
    def totals(cls) -> Select[int, int]:
        """How many people there are, and how many posts they wrote."""
        return select(func.count(), func.coalesce(func.sum(cls.posts_count), 0)).select_from(cls)

    @classmethod
    def all_posts(cls) -> ScalarSelect[int]:
        """How many posts all people wrote, beside what else a statement finds."""
        people = aliased(cls)
        return select(func.coalesce(func.sum(people.posts_count), 0)).scalar_subquery()

    @classmethod
    @cache
    def wrote_one_more(cls) -> Update:
        """Of the person whose id is given as `author_id` when it runs."""
        return (
            update(cls)
            .where(cls.id == bindparam("author_id"))
            .values(posts_count=cls.posts_count + 1)
        )

    @classmethod
    def admins(cls) -> Select[str]:
        """The names of some who keep order here, the longest here first."""
        return select(cls.username).where(cls.is_admin).order_by(cls.id).limit(10)

    @classmethod
    def writers_in_range(cls, first: int, end: int) -> Select[str]:
        """The names of people with posts, whose ids go from `first` to before `end`."""
        return (
            select(cls.username)
            .where(cls.id >= first, cls.id < end, cls.posts_count > 0)
            .order_by(cls.id)
        )

    @classmethod
    def addressed(cls, email: str) -> Select[Self]:
        return select(cls).where(cls.email_key == rules.email_key(email))

    @classmethod
    def known_as(cls, name_or_address: str) -> Select[Self]:
        """By name or by e-mail address; a name never holds an `@`."""
        if "@" in name_or_address:
            return cls.addressed(name_or_address)
        return cls.named(name_or_address)

    @classmethod
    def numbered_or_named(cls, text: str) -> Select[Self]:
        """By id, or by name in any case; a name of digits gives way to the id it looks like."""
        try:
            same_id = cls.id == row_id(text)
        except ValueError:
            return cls.named(text)
        is_meant = or_(same_id, cls.username_key == text)
        return select(cls).where(is_meant).order_by(same_id.desc()).limit(1)

    @classmethod
    def pictures_among(cls, names: Collection[str]) -> Select[str | None]:
        """Those of these files that somebody shows."""
        return select(cls.picture).where(cls.picture.in_(names))

    @classmethod
    def pictures_count(cls) -> Select[int]:
        return select(func.count(cls.picture))

    def rename(self, username: str) -> None:
        self.username = username
        self.username_key = rules.username_key(username)

    def move_to(self, email: str) -> None:
        self.email = email
        self.email_key = rules.email_key(email)

    def held(self) -> Update:
        """Changes nothing, but lets nobody else change this person before the commit."""
        return update(User).where(User.id == self.id).values(username=User.username)

    def password_held(self) -> Select[str]:
        """The stored hash, which nobody changes before the commit."""
        return select(User.password_hash).where(User.id == self.id).with_for_update(read=True)

    def gone(self) -> ReturningDelete[str | None]:
        """Takes along all that belongs to this person but a picture's file; returns its name."""
        return delete(User).where(User.id == self.id).returning(User.picture)

    def is_editable_by(self, user: Self) -> bool:
        return self.id == user.id or user.is_admin

    def has_password(self, password: str) -> bool:
        return check_password(self.password_hash, password)

    def change_password(self, password: str) -> None:
        self.password_hash = hash_password(password)

    def password_reset(self, password: str) -> ReturningUpdate[int]:
        """Another password; changes nobody when it was changed since this person was looked up."""
        return (
            update(User)
            .where(User.id == self.id, User.password_hash == self.password_hash)
            .values(password_hash=hash_password(password))
            .returning(User.id)
        )

    def get_id(self) -> str:
        """What the cookie holds: the token of one session, not the number of the person."""
        return self.session_token

    def reset_token(self) -> str:
        """Lets its bearer choose a new password, once, within half an hour."""
        return write_reset_token(self.id, self._reset_fingerprint)

    def may_reset_with(self, fingerprint: str) -> bool:
        """Whether password and mailbox are still those that the token was made for."""
        return compare_digest(self._reset_fingerprint, fingerprint)

    @property
    def _reset_fingerprint(self) -> str:
        made_for = f"{self.password_hash} {self.email_key}"
        return hashlib.sha256(made_for.encode()).hexdigest()[:32]


@event.listens_for(User, "before_insert")
def _sign_up_in_turn(_mapper: Any, connection: Connection, _user: User) -> None:
    # Else two first people at once would each see an empty site. SQLite's writes take turns anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(SIGN_UP_LOCK)))
