"""Whose a post is, and what follows from it."""

from typing import NamedTuple

from flaskblog.models.user import User


class Authorship(NamedTuple):
    """Which post, and whose it is: enough to tell who may change it."""

    id: int
    author_id: int

    def is_editable_by(self, user: User) -> bool:
        return self.author_id == user.id

    def is_deletable_by(self, user: User) -> bool:
        return self.is_editable_by(user) or user.is_admin
