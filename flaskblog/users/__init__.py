"""Accounts: registration, login, profiles, passwords, pictures and sessions."""

from functools import partial

from flask import Flask

from flaskblog.users import account, emails, password_reset, profile, routes
from flaskblog.users.access import next_page
from flaskblog.users.avatars import picture_url
from flaskblog.users.blueprint import bp
from flaskblog.users.devices import device_name

__all__ = ["account", "emails", "init_app", "password_reset", "profile", "routes"]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
    app.jinja_env.globals["next_page"] = next_page
    app.jinja_env.globals["picture_url"] = partial(picture_url, build_url=app.url_for)
    app.jinja_env.filters["device_name"] = device_name
