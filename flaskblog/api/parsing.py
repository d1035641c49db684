"""Parsing request bodies: JSON objects (RFC 8259) in which every string is text."""

import json
import re
from collections.abc import Mapping, Set
from typing import Any, NoReturn, cast

from flask import Request, abort
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from flaskblog.api.fields import TextField
from flaskblog.web.problems import InvalidFields, Messages

# PostgreSQL stores neither.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class JSONParser(FlaskParser):
    """Raises `InvalidFields` for what a schema rejects."""

    def load_json(self, request: Request, schema: Schema) -> dict[str, Any]:
        """Return the object of the body. A DELETE may come without one."""
        if request.method == "DELETE" and not request.get_data():
            return {}
        if not request.is_json:
            abort(415, "Send JSON, as application/json.")
        texts = {name for name, field in schema.fields.items() if isinstance(field, TextField)}
        return _parse_object(request.get_data(), texts)

    def handle_error(self, error: ValidationError, *_: object, **__: object) -> NoReturn:
        """Marshmallow groups its messages by location, `json` or `query`, and then by field."""
        by_location = cast("dict[str, Messages]", error.messages)
        raise InvalidFields(
            {name: messages for fields in by_location.values() for name, messages in fields.items()}
        )


def _parse_object(body: bytes, texts: Set[str]) -> dict[str, Any]:
    try:
        parsed = json.loads(
            body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_without_duplicates
        )
        _clean(parsed, texts)
        is_text = _is_text(parsed)
    except (ValueError, RecursionError):
        abort(400, "The body is not valid JSON in UTF-8.")
    if not isinstance(parsed, dict):
        abort(400, "The body must be a JSON object.")
    if not is_text:
        abort(400, "The body contains NUL characters or lone surrogates.")
    return parsed


def _clean(parsed: object, texts: Set[str]) -> None:
    """Remove what is not text from these fields; names and passwords with it are refused."""
    if isinstance(parsed, dict):
        for name in texts & parsed.keys():
            if isinstance(parsed[name], str):
                parsed[name] = _NOT_TEXT.sub("", parsed[name])


def _is_text(value: object) -> bool:
    if isinstance(value, str):
        return not _NOT_TEXT.search(value)
    if isinstance(value, Mapping):
        return all(_is_text(key) and _is_text(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_is_text, value))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Parsers do not agree which of two values under the same key counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("duplicate key")
    return found
