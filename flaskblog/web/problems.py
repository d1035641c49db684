"""Error responses of the JSON API: problem documents of RFC 9457."""

from typing import Any

from flask import Response, g, json
from werkzeug.exceptions import Conflict, Forbidden, HTTPException, UnprocessableEntity

MEDIA_TYPE = "application/problem+json"

DETAILS = {
    400: "The request could not be read.",
    403: "Your account is not allowed to do this.",
    404: "There is nothing at this address.",
    405: "This address does not accept this method; `Allow` lists those that it accepts.",
    410: "The post has been deleted.",
    413: "The body of the request is too large.",
    415: "Send JSON, as application/json.",
    429: "Too many requests. Wait as many seconds as `Retry-After` says.",
    500: "An error occurred on the server and has been logged. Try again in a minute.",
    503: "The database is busy or cannot be reached. Try again after `Retry-After` seconds.",
}

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


def problem_response(
    error: HTTPException, description: str | None, headers: dict[str, str]
) -> Response:
    """A problem with a description of ours, or else with one of its status."""
    code = error.code or 500
    detail = description or DETAILS.get(code) or error.description
    document: dict[str, Any] = {"title": error.name, "status": code, "detail": detail}
    if isinstance(error, ReauthenticationRequired):
        document["type"] = error.name
    if isinstance(error, InvalidFields | TakenFields):
        document["errors"] = error.errors
    if code >= 500:
        document["request_id"] = g.request_id
    return Response(json.dumps(document), code, headers, mimetype=MEDIA_TYPE)
