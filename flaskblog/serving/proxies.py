"""The client's address as trusted proxies report it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.middleware.proxy_fix import ProxyFix

from flaskblog.text.addresses import parse_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def client_address(environ: "WSGIEnvironment", hops: int) -> str:
    """Return the `REMOTE_ADDR` that the application will see behind `hops` trusted proxies."""
    seen = environ.copy()
    if hops:
        TrustedProxies(lambda *_: [], hops)(seen, lambda *_: print)
    return seen["REMOTE_ADDR"] or ""


class TrustedProxies:
    """A WSGI middleware: `ProxyFix` that accepts nothing but an IP address as the client's.

    Some proxies add the port of the connection, which would make each of them another client.
    """

    def __init__(self, inner: "WSGIApplication", hops: int) -> None:
        self._inner = inner
        self._fix = ProxyFix(self._call, x_for=hops, x_proto=hops)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        return self._fix(environ, start_response)

    def _call(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Fall back to the proxy's address where the header names no address."""
        address = parse_address(environ.get("REMOTE_ADDR") or "")
        proxy: str = environ["werkzeug.proxy_fix.orig"]["REMOTE_ADDR"] or ""
        environ["REMOTE_ADDR"] = str(address) if address else proxy
        return self._inner(environ, start_response)
