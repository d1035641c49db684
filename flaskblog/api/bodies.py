"""Reading what programs send: JSON objects as RFC 8259 has them, and nothing that is no text."""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from flask import Request, abort, g
from marshmallow import Schema, ValidationError
from webargs.flaskparser import FlaskParser

from flaskblog.problems import Messages, WrongFields

# PostgreSQL stores neither, and no text holds them.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


class BodyParser(FlaskParser):
    """Raises `WrongFields` for what a schema does not take."""

    def load_json(self, request: Request, schema: Schema) -> dict[str, Any]:
        """The body's object, kept in `g.sent` for whoever counts tries by it."""
        if not request.is_json:
            abort(415, "Send JSON, as application/json.")
        g.sent = _read_object(request.get_data())
        return dict(g.sent)

    def handle_error(self, error: ValidationError, *_: object, **__: object) -> NoReturn:
        """Messages come by place, `json` or `query`, and then by field."""
        by_place = cast("dict[str, Messages]", error.messages)
        raise WrongFields(
            {name: told for fields in by_place.values() for name, told in fields.items()}
        )


def _read_object(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(
            body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unrepeated
        )
        is_text = _is_text(sent)
    except (ValueError, RecursionError):
        abort(400, "The body is not valid JSON in UTF-8.")
    if not isinstance(sent, dict):
        abort(400, "The body must be a JSON object.")
    if not is_text:
        abort(400, "The body holds NUL characters or lone surrogates, which are no text.")
    return sent


def _is_text(value: object) -> bool:
    if isinstance(value, str):
        return not _NO_TEXT.search(value)
    if isinstance(value, Mapping):
        return all(_is_text(key) and _is_text(item) for key, item in value.items())
    return not isinstance(value, list) or all(map(_is_text, value))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one name, programs would not agree which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
