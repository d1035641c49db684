"""The JSON API."""

from flask import Flask

from flaskblog.api import docs, login, openapi, posts, query_parameters, users

__all__ = ["docs", "init_app", "login", "openapi", "posts", "query_parameters", "users"]


def init_app(app: Flask) -> None:
    app.register_blueprint(docs.bp)
    openapi.init_app(app)
