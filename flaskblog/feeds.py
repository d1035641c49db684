"""XML for machines that read along: Atom feeds (RFC 4287) and sitemaps."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, render_template, request

Row = Any  # of what a feed shows of a post

# All that XML 1.0 does not call a character: one of them makes a whole document unreadable.
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r"))
_NO_CHARACTERS = [character.encode() for character in "\ufffe\uffff"]
# For a feed without posts, which must say when it changed, and say the same each time.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def atom(posts: Sequence[Row], **values: str) -> Response:
    """The posts as a feed. `values` are its title, and the addresses of its page and its own."""
    latest = max((post.updated_at for post in posts), default=_LONG_AGO)
    text = render_template("feed.xml", posts=posts, updated_at=latest, **values)
    return _document(text, "application/atom+xml", latest)


def sitemap_index(addresses: list[str]) -> Response:
    return _document(render_template("sitemap_index.xml", addresses=addresses), "application/xml")


def sitemap(entries: list[tuple[str, datetime | None]]) -> Response:
    """Addresses, and when what is there last changed."""
    return _document(render_template("sitemap.xml", entries=entries), "application/xml")


def _document(text: str, mimetype: str, last_modified: datetime | None = None) -> Response:
    """Or a 304 for whoever has the same one already."""
    response = Response(_in_xml(text), mimetype=mimetype)
    response.add_etag()
    response.last_modified = last_modified
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def _in_xml(text: str) -> bytes:
    """In UTF-8, where half a surrogate pair is no character either."""
    document = text.encode(errors="ignore").translate(None, _CONTROLS)
    for character in _NO_CHARACTERS:
        document = document.replace(character, b"")
    return document
