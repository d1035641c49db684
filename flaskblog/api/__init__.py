"""The JSON face of the same models, for other programs."""

from flaskblog.api import login, posts, program_interface, users
from flaskblog.api.documents import documents

__all__ = ["documents", "login", "posts", "program_interface", "users"]
