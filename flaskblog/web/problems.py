"""Error responses of the JSON API: problem documents of RFC 9457."""

from typing import Any

from flask import Response, g, json
from werkzeug.exceptions import Conflict, Forbidden, HTTPException, UnprocessableEntity

MEDIA_TYPE = "application/problem+json"

Messages = dict[str, list[str]]


class InvalidFields(UnprocessableEntity):
    """A request with invalid fields; `errors` maps each to its messages."""

    description = "Some fields are invalid; see `errors`."

    def __init__(self, errors: Messages) -> None:
        super().__init__()
        self.errors = errors


class TakenFields(Conflict):
    """A request with values that must be unique, and are in use."""

    description = "Some values are already taken; see `errors`."

    def __init__(self, errors: Messages) -> None:
        super().__init__()
        self.errors = errors


class ReauthenticationRequired(Forbidden):
    """A change that a token alone does not allow."""

    name = "reauthentication_required"
    description = "This change requires your password: send it as `current_password`."


def problem_response(error: HTTPException, headers: dict[str, str]) -> Response:
    code = error.code or 500
    document: dict[str, Any] = {"title": error.name, "status": code, "detail": error.description}
    if isinstance(error, ReauthenticationRequired):
        document["type"] = error.name
    if isinstance(error, InvalidFields | TakenFields):
        document["errors"] = error.errors
    if code >= 500:
        document["request_id"] = g.request_id
    return Response(json.dumps(document), code, headers, mimetype=MEDIA_TYPE)
