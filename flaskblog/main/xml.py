"""XML documents: Atom feeds (RFC 4287) and sitemaps."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, render_template, request

Row = Any

# Not allowed in XML 1.0: one of them makes the whole document invalid.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_NONCHARACTERS = [character.encode() for character in "\ufffe\uffff"]
# The required `updated` of a feed without posts.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def atom(posts: Sequence[Row], **values: str) -> Response:
    """A feed of posts; `values` are its title and subtitle, and its URLs."""
    latest = max((post.updated_at for post in posts), default=_EPOCH)
    text = render_template("feed.xml", posts=posts, updated_at=latest, **values)
    return _document(text, "application/atom+xml", latest)


def sitemap_index(addresses: list[str]) -> Response:
    return _document(render_template("sitemap_index.xml", addresses=addresses), "application/xml")


def sitemap(entries: list[tuple[str, datetime | None]]) -> Response:
    """URLs, and when each page was last updated."""
    return _document(render_template("sitemap.xml", entries=entries), "application/xml")


def _document(text: str, mimetype: str, last_modified: datetime | None = None) -> Response:
    """Return the response, or 304 if the client has the same version."""
    response = Response(_in_xml(text), mimetype=mimetype)
    response.add_etag()
    response.last_modified = last_modified
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def _in_xml(text: str) -> bytes:
    """Encode as UTF-8, without characters that UTF-8 or XML do not allow."""
    document = text.encode(errors="ignore").translate(None, _CONTROLS)
    for character in _NONCHARACTERS:
        document = document.replace(character, b"")
    return document
