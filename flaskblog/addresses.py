"""What an address may hold, and which addresses lead to this site."""

import re
from contextvars import ContextVar

from werkzeug.routing import IntegerConverter, ValidationError

from flaskblog.database import LARGEST_ID

# The path under which the request at hand finds the site: every address of ours begins with it.
mounted_at: ContextVar[str] = ContextVar("mounted_at", default="")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


def row_id(text: str) -> int:
    """The number of a row; raises `ValueError` for what no database can count."""
    if not re.fullmatch(IdConverter.regex, text) or int(text) > LARGEST_ID:
        raise ValueError(text)
    return int(text)


def is_for_programs(path: str) -> bool:
    """Whether the JSON API answers there, where tokens count and cookies do not."""
    return path == "/api" or path.startswith("/api/")


class IdConverter(IntegerConverter):
    """The number of a row; what no database can count ends in a 404."""

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
