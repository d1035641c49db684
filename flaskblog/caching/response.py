"""A cached response: sent plain, compressed, or as 304 Not Modified."""

import gzip
import hashlib
import re
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import brotli
from werkzeug.datastructures import Accept, Headers
from werkzeug.http import parse_accept_header, parse_etags, parse_list_header, quote_etag

from flaskblog.web.compression import MAX_ACCEPT_ENCODING_LENGTH

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY_BYTES = 512 * 1024
OVERHEAD = 8 * 1024  # bytes of headers and keys beside the bodies, rounded up
MIN_COMPRESSED_BYTES = 500
# The preferred one first. Each response is compressed once, so the level is higher than usual.
ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
_COMPRESSIBLE = re.compile(r"text/|image/svg|application/(?:json|javascript|[a-z]+\+xml)")
# The page cache keys by cookie, and does not serve requests with an Origin.
_VARY = frozenset({"cookie", "accept-encoding", "origin"})
# Of one request; the server adds its own date.
_NOT_CACHED_HEADERS = ("Date", "Expires", "X-Request-ID")
_BODY_HEADERS = ("Content-Type", "Content-Length", "Content-Encoding")

HeaderList = list[tuple[str, str]]


class _Representation(NamedTuple):
    """The body in one encoding, its headers, and those of a 304."""

    body: bytes
    headers: HeaderList
    not_modified_headers: HeaderList


class CachedResponse:
    """A response of Flask, made at `version` of the data and valid until `expires_at`."""

    def __init__(
        self,
        version: Hashable,
        expires_at: float,
        endpoint: str,
        headers: HeaderList,
        body: bytes,
    ) -> None:
        self.version, self.expires_at, self.endpoint = version, expires_at, endpoint
        self._headers = Headers(headers)
        for name in _NOT_CACHED_HEADERS:
            self._headers.remove(name)
        etag = self._headers.get("ETag", "").strip('"')
        self._etag = etag or hashlib.blake2b(body, digest_size=12).hexdigest()
        content_type = self._headers.get("Content-Type", "")
        self._is_compressible = (
            bool(_COMPRESSIBLE.match(content_type)) and len(body) >= MIN_COMPRESSED_BYTES
        )
        if self._is_compressible:
            self._headers["Vary"] = _add_accept_encoding(self._headers.get("Vary", ""))
        self._etags = [self._etag, *(f"{self._etag}-{encoding}" for encoding in ENCODINGS)]
        self._representations = {"": self._represent("", body)}
        # An upper bound: compressed bodies are made on demand.
        self.size = len(body) * (2 if self._is_compressible else 1) + OVERHEAD

    def send(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        accepted = environ.get("HTTP_ACCEPT_ENCODING", "")
        encoding = best_encoding(accepted) if self._is_compressible else ""
        found = self._representations.get(encoding) or self._compress(encoding)
        if_none_match = environ.get("HTTP_IF_NONE_MATCH")
        if if_none_match is not None and self._matches(if_none_match):
            start_response("304 NOT MODIFIED", found.not_modified_headers)
            return []
        start_response("200 OK", found.headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [found.body]

    def _compress(self, encoding: str) -> _Representation:
        body = ENCODINGS[encoding](self._representations[""].body)
        self._representations[encoding] = made = self._represent(encoding, body)
        return made

    def _represent(self, encoding: str, body: bytes) -> _Representation:
        headers = Headers(self._headers)
        headers["ETag"] = quote_etag(f"{self._etag}-{encoding}" if encoding else self._etag)
        headers["Content-Length"] = str(len(body))
        if encoding:
            headers["Content-Encoding"] = encoding
        not_modified = Headers(headers)
        for name in _BODY_HEADERS:
            not_modified.remove(name)
        return _Representation(body, headers.to_wsgi_list(), not_modified.to_wsgi_list())

    def _matches(self, if_none_match: str) -> bool:
        """Whether the client has the body, in any encoding."""
        if if_none_match.strip('"') in self._etags:
            return True
        known = parse_etags(if_none_match)
        return any(known.contains_weak(etag) for etag in self._etags)


def is_cacheable(status: str, headers: HeaderList) -> bool:
    """Whether a response is complete, and the same for everyone without a session."""
    found = Headers(headers)
    control = found.get("Cache-Control", "no-store")
    return (
        status.startswith("200 ")
        and "no-store" not in control
        and "private" not in control
        and "Set-Cookie" not in found
        and "Content-Encoding" not in found
        and {name.lower() for name in parse_list_header(found.get("Vary", ""))} <= _VARY
        and int(found.get("Content-Length", MAX_BODY_BYTES + 1)) <= MAX_BODY_BYTES
    )


def best_encoding(accepted: str) -> str:
    """Return the client's preferred encoding, of equal ones the smallest; "" for none."""
    if len(accepted) > MAX_ACCEPT_ENCODING_LENGTH:
        return ""
    return _best_encoding(accepted)


@lru_cache
def _best_encoding(accepted: str) -> str:
    quality = parse_accept_header(accepted, Accept).quality
    best = max(ENCODINGS, key=quality)
    return best if quality(best) > 0 else ""


def _add_accept_encoding(vary: str) -> str:
    names = parse_list_header(vary)
    if any(name.lower() == "accept-encoding" for name in names):
        return vary
    return ", ".join([*names, "Accept-Encoding"])
