"""What is set while the site runs, by its name: for all processes and hosts at once."""

from typing import Any

from sqlalchemy import JSON, String, delete
from sqlalchemy.orm import Mapped, mapped_column

from flaskblog.database.base import Base
from flaskblog.extensions import db

KEY_LENGTH = 80


class Setting(Base):
    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(KEY_LENGTH), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)

    @classmethod
    def store(cls, key: str, value: Any) -> None:
        db.session.merge(cls(key=key, value=value))

    @classmethod
    def remove(cls, key: str) -> None:
        db.session.execute(delete(cls).where(cls.key == key))
