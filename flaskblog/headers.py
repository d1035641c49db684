"""The security headers of every answer, error pages and static files included."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, session

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# No inline script or style and no other origin; Pico's icons are data: images.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
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
    # Not no-referrer: over https the form token check needs the referrer of our own pages.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=63072000; includeSubDomains"


class SecurityHeaders:
    """A WSGI layer around Flask: what is the same for all is added last, and all at once."""

    def __init__(self, app: Flask, inner: "WSGIApplication") -> None:
        self._inner = inner
        self._headers = list(HEADERS.items())
        if app.config["SITE_URL"].startswith("https:"):
            self._headers.append(("Strict-Transport-Security", HSTS))

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *broken: Any) -> Any:
            return start_response(status, headers + self._headers, *broken)

        return self._inner(environ, start)


def init_app(app: Flask) -> None:
    app.after_request(_let_nobody_else_keep)


def _let_nobody_else_keep(response: Response) -> Response:
    """A page that depends on the session is for nobody else, and not for after logging out."""
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store" if session else "no-cache"
    return response
