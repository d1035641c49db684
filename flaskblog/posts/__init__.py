"""Posts: reading, writing, drafts, history and deletion."""

from flask import Flask

from flaskblog.posts import draft_list, editor, history, resume, routes
from flaskblog.posts.blueprint import bp

__all__ = ["draft_list", "editor", "history", "init_app", "resume", "routes"]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
