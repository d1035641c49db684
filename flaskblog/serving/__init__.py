"""The processes of a running site: web server, worker and their supervisor."""

from flask import Flask

from flaskblog.serving.proxies import TrustedProxies


def init_app(app: Flask) -> None:
    """Trust the X-Forwarded headers of `TRUSTED_PROXIES` proxies; wraps the finished WSGI app."""
    hops = app.config["TRUSTED_PROXIES"]
    if hops:
        app.wsgi_app = TrustedProxies(app.wsgi_app, hops)  # type: ignore[method-assign]
