"""Who people are: signing up, logging in and out, accounts and pictures."""

from flaskblog.users import account, reset, routes
from flaskblog.users.blueprint import users

__all__ = ["account", "reset", "routes", "users"]
