"""Ids in URLs, local redirect targets and absolute links."""

import re
from functools import lru_cache

from flask import current_app
from werkzeug.routing import IntegerConverter, Map, MapAdapter, ValidationError

from flaskblog.database.base import LARGEST_ID

_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def row_id(text: str) -> int:
    """Parse the id of a row; raise `ValueError` if it is invalid or too large for a database."""
    if not re.fullmatch(IdConverter.regex, text) or int(text) > LARGEST_ID:
        raise ValueError(text)
    return int(text)


def is_api_path(path: str) -> bool:
    """Whether the path belongs to the JSON API, which takes tokens and ignores cookies."""
    return path == "/api" or path.startswith("/api/")


class IdConverter(IntegerConverter):
    """The id of a row; 404 if it is invalid or too large for a database."""

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        try:
            return row_id(value)
        except ValueError:
            raise ValidationError from None


def is_local(target: str) -> bool:
    """Whether a redirect to this address stays on this site.

    Browsers drop tabs and line breaks, read `\\` as `/`, and take `//host` for another site.
    """
    return target.startswith("/") and not target.startswith("//") and not _UNSAFE.search(target)


def link_to(endpoint: str, **values: str | int) -> str:
    """Return the absolute URL of a page, for mails, feeds and metadata; needs no request."""
    path = _url_adapter(current_app.url_map).build(endpoint, values)
    return f"{current_app.config['SITE_URL']}{path}"


@lru_cache(maxsize=1)
def _url_adapter(url_map: Map) -> MapAdapter:
    return url_map.bind("")
