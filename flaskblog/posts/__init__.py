"""Posts: reading, writing, drafts, history and deletion."""

from flask import Flask

from flaskblog.posts import editor, resume, routes
from flaskblog.posts.blueprint import bp

__all__ = ["editor", "init_app", "resume", "routes"]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
