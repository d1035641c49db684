"""Usernames that members had before."""

from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from flaskblog import rules
from flaskblog.database.base import Base
from flaskblog.extensions import db


class FormerName(Base):
    """A username that a member gave up; it redirects to them until somebody else takes it."""

    __tablename__ = "former_name"

    username_key: Mapped[str] = mapped_column(String(rules.USERNAME_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)

    @classmethod
    def release(cls, username: str) -> None:
        """Stop redirecting from a username that is taken now."""
        db.session.execute(delete(cls).where(cls.username_key == rules.username_key(username)))
