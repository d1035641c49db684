"""A page as it is kept: to be sent whole, compressed, or as news that nothing changed."""

import gzip
import hashlib
import re
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import brotli
from werkzeug.datastructures import Accept, Headers
from werkzeug.http import parse_accept_header, parse_etags, parse_list_header, quote_etag

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LARGEST_PAGE = 512 * 1024
OVERHEAD = 8 * 1024  # bytes of headers and keys beside the bodies, rounded up
SMALLEST_COMPRESSED = 500
# The best first. Once for each page, so better than what one would take for every answer.
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
_COMPRESSIBLE = re.compile(r"text/|image/svg|application/(?:json|javascript|[a-z]+\+xml)")
_VARY = frozenset({"cookie", "accept-encoding", "origin"})
# Those of one moment or one request; the server adds its own date.
_MOMENTARY = ("Date", "Expires", "X-Request-ID")
_OF_THE_BODY = ("Content-Type", "Content-Length", "Content-Encoding")

HeaderList = list[tuple[str, str]]


class _Form(NamedTuple):
    """A body with its headers, and the headers that go without it."""

    body: bytes
    headers: HeaderList
    headers_alone: HeaderList


class KeptPage:
    """What Flask answered; `expires_at` is in seconds since the epoch."""

    def __init__(
        self,
        state: Hashable,
        expires_at: float,
        endpoint: str,
        headers: HeaderList,
        body: bytes,
    ) -> None:
        self.state, self.expires_at, self.endpoint = state, expires_at, endpoint
        self._headers = Headers(headers)
        for name in _MOMENTARY:
            self._headers.remove(name)
        tag = self._headers.get("ETag", "").strip('"')
        self._tag = tag or hashlib.blake2b(body, digest_size=12).hexdigest()
        content_type = self._headers.get("Content-Type", "")
        self._is_compressible = (
            bool(_COMPRESSIBLE.match(content_type)) and len(body) >= SMALLEST_COMPRESSED
        )
        if self._is_compressible:
            self._headers["Vary"] = _with_encoding(self._headers.get("Vary", ""))
        self._tags = [self._tag, *(f"{self._tag}-{encoding}" for encoding in ENCODINGS)]
        self._forms = {"": self._form("", body)}
        # What it has at most, in all its forms: each is made when it is first asked for.
        self.size = len(body) * (2 if self._is_compressible else 1) + OVERHEAD

    def send(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        encoding = best_encoding(accepted) if self._is_compressible else ""
        form = self._forms.get(encoding) or self._compress(encoding)
        known = environ.get("HTTP_IF_NONE_MATCH")
        if known is not None and self._is_known(known):
            start_response("304 NOT MODIFIED", form.headers_alone)
            return []
        start_response("200 OK", form.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [form.body]

    def _compress(self, encoding: str) -> _Form:
        form = self._form(encoding, ENCODINGS[encoding](self._forms[""].body))
        self._forms[encoding] = form
        return form

    def _form(self, encoding: str, body: bytes) -> _Form:
        headers = Headers(self._headers)
        headers["ETag"] = quote_etag(f"{self._tag}-{encoding}" if encoding else self._tag)
        headers["Content-Length"] = str(len(body))
        if encoding:
            headers["Content-Encoding"] = encoding
        alone = Headers(headers)
        for name in _OF_THE_BODY:
            alone.remove(name)
        return _Form(body, headers.to_wsgi_list(), alone.to_wsgi_list())

    def _is_known(self, told: str) -> bool:
        """In whichever form the page was sent."""
        if told.strip('"') in self._tags:
            return True
        known = parse_etags(told)
        return any(known.contains_weak(tag) for tag in self._tags)


def is_for_everybody(status: str, headers: HeaderList) -> bool:
    """Whether an answer is whole, and the same for all who have no session."""
    found = Headers(headers)
    control = found.get("Cache-Control", "no-store")
    return (
        status.startswith("200 ")
        and "no-store" not in control
        and "private" not in control
        and "Set-Cookie" not in found
        and "Content-Encoding" not in found
        and {name.lower() for name in parse_list_header(found.get("Vary", ""))} <= _VARY
        and int(found.get("Content-Length", LARGEST_PAGE + 1)) <= LARGEST_PAGE
    )


@lru_cache
def best_encoding(accepted: str) -> str:
    """The one that a reader likes best, and of those they like alike the smallest."""
    wanted = parse_accept_header(accepted, Accept)
    best = max(ENCODINGS, key=wanted.quality)
    return best if wanted.quality(best) > 0 else ""


def _with_encoding(vary: str) -> str:
    names = parse_list_header(vary)
    is_told = any(name.lower() == "accept-encoding" for name in names)
    return vary if is_told else ", ".join([*names, "Accept-Encoding"])
