"""Who may change what an author wrote."""

from dataclasses import dataclass
from typing import Any

from flaskblog.models.user import User


class Authored:
    """The permissions of everything with an author."""

    author_id: Any

    def is_editable_by(self, user: User) -> bool:
        return bool(self.author_id == user.id)

    def is_deletable_by(self, user: User) -> bool:
        return self.is_editable_by(user) or user.is_admin


@dataclass(frozen=True)
class PostReference(Authored):
    """A post without its text, for a page fragment that only needs to know whose it is."""

    id: int
    author_id: int
