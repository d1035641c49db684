"""Caches of whole pages and of page fragments, valid until anything is committed."""

from collections.abc import Callable

from flask import Flask

from flaskblog.caching import data_version, fragments
from flaskblog.caching.pages import PageCache


def init_app(app: Flask, on_hit: Callable[[str], None]) -> None:
    """Call `on_hit` with the endpoint of each page that is served from the cache.

    Wraps the WSGI app with the security headers of `web`, so that they are cached too.
    """
    data_version.init_app(app)
    fragments.init_app(app)
    app.wsgi_app = PageCache(app, app.wsgi_app, on_hit=on_hit)  # type: ignore[method-assign]
