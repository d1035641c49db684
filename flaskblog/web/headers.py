"""The security headers of every response, and the default of Cache-Control."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# No inline script or style and no other origin.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: over https the CSRF check needs the referrer of our own pages.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Pictures and icons may be embedded by other sites, such as feed readers.
EMBEDDABLE = re.compile(
    r"/media/[^/]+|/user/[^/]+/initials\.svg|/favicon\.ico|/static/[^/]+\.(?:png|svg)"
)
HSTS = "max-age=63072000; includeSubDomains"


class SecurityHeaders:
    """A WSGI middleware: error pages and static files get the headers too."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._inner = inner
        self._headers = list(HEADERS.items())
        if app.config["SITE_URL"].startswith("https:"):
            self._headers.append(("Strict-Transport-Security", HSTS))
        shared = {**dict(self._headers), "Cross-Origin-Resource-Policy": "cross-origin"}
        self._embeddable = list(shared.items())

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        own = self._embeddable if EMBEDDABLE.fullmatch(environ["PATH_INFO"]) else self._headers

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            return start_response(status, headers + own, *exc_info)

        return self._inner(environ, start)


def init_app(app: Flask) -> None:
    app.wsgi_app = SecurityHeaders(app, app.wsgi_app)  # type: ignore[method-assign]
    app.after_request(_set_cache_control)


def _set_cache_control(response: Response) -> Response:
    """By default, do not store a page of a session: it is private, and outdated after logout."""
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if session else "no-cache"
    return response
