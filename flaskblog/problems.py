"""Errors for programs: RFC 9457, `application/problem+json`."""

from typing import Any

from flask import Response, g, json
from werkzeug.exceptions import Conflict, HTTPException, UnprocessableEntity

MEDIA_TYPE = "application/problem+json"

Messages = dict[str, list[str]]


class WrongFields(UnprocessableEntity):
    """What was sent can be read, but these fields cannot be taken."""

    description = "Some of what was sent cannot be taken; each field says why."

    def __init__(self, errors: Messages) -> None:
        super().__init__()
        self.errors = errors


class TakenFields(Conflict):
    """These fields must be somebody's own, and somebody has their values."""

    description = "Somebody else has that already."

    def __init__(self, errors: Messages) -> None:
        super().__init__()
        self.errors = errors


def problem(error: HTTPException, headers: dict[str, str]) -> Response:
    """The answer to what went wrong."""
    code = error.code or 500
    told: dict[str, Any] = {"title": error.name, "status": code, "detail": error.description}
    if isinstance(error, WrongFields | TakenFields):
        told["errors"] = error.errors
    if code >= 500:
        told["request_id"] = g.request_id
    return Response(json.dumps(told), code, headers, mimetype=MEDIA_TYPE)
