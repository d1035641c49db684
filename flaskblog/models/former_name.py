"""A name that led to somebody."""

from sqlalchemy import ForeignKey, String, delete
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import Delete

from flaskblog import rules
from flaskblog.database import Base


class FormerName(Base):
    """A name that somebody gave up; it leads to them until somebody else takes it."""

    __tablename__ = "former_name"

    username_key: Mapped[str] = mapped_column(String(rules.USERNAME_LENGTH), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)

    @classmethod
    def taken(cls, username: str) -> Delete:
        return delete(cls).where(cls.username_key == rules.username_key(username))
