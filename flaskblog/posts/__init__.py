"""What people write and read."""

from flaskblog.posts import desk, routes
from flaskblog.posts.blueprint import posts

__all__ = ["desk", "posts", "routes"]
