"""The home page, the site's own pages, feeds, sitemaps and well-known addresses."""

from flask import Flask

from flaskblog.main import appearance, feeds, routes, sitemap, well_known
from flaskblog.main.blueprint import bp

__all__ = ["appearance", "feeds", "init_app", "routes", "sitemap", "well_known"]


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
