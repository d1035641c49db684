"""The front door, how it looks, and what machines ask at it."""

from flaskblog.main import appearance, feeds, routes, sitemap, well_known
from flaskblog.main.blueprint import main

__all__ = ["appearance", "feeds", "main", "routes", "sitemap", "well_known"]
