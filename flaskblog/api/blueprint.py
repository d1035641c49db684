"""The blueprint of the API, and decorators that document its views."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask_smorest import Blueprint

from flaskblog.api.parsing import JSONParser
from flaskblog.api.schemas import ProblemSchema
from flaskblog.web.problems import MEDIA_TYPE

View = TypeVar("View", bound=Callable[..., Any])

ETAG = {"ETag": {"schema": {"type": "string"}, "description": "The version of the resource."}}
LOCATION = {
    "Location": {"schema": {"type": "string"}, "description": "The URL of the new resource."}
}
LINK = {
    "Link": {
        "schema": {"type": "string"},
        "description": "Other pages: `first`, `last`, `next` and `prev` (RFC 8288).",
    }
}


class ApiBlueprint(Blueprint):
    ARGUMENTS_PARSER = JSONParser()


bp = ApiBlueprint("api", __name__, url_prefix="/api", description="Members and posts.")


def problems(*codes: int) -> Callable[[View], View]:
    """Document the error responses of a view."""

    def documented(view: View) -> View:
        for code in codes:
            view = bp.alt_response(
                code,
                schema=ProblemSchema,
                content_type=MEDIA_TYPE,
                description=HTTPStatus(code).phrase,
            )(view)
        return view

    return documented


def conditional_get(operation: str) -> Callable[[View], View]:
    """Document a view that accepts `If-None-Match`."""
    header = _header("If-None-Match", "Return 304 if the ETag still matches.")

    def documented(view: View) -> View:
        described = bp.alt_response(304, description="Not Modified", success=True)
        known: View = described(_with_header(header, bp.doc(operationId=operation)(view)))
        return known

    return documented


def conditional_write(operation: str, note: str = "") -> Callable[[View], View]:
    """Document a view that accepts `If-Match`; `note` follows what is said about that.

    In prose: a fuzzer that invents a value would take the 412 for a defect.
    """
    documented: Callable[[View], View] = bp.doc(
        operationId=operation,
        description="Send the ETag as `If-Match` to get 412 if the resource has changed since you "
        f"read it. {note}".strip(),
    )
    return documented


def idempotent(operation: str) -> Callable[[View], View]:
    """Document a view that accepts `Idempotency-Key`."""
    header = _header(
        "Idempotency-Key",
        "A unique key of your choice; repeating a request with the same key has no further effect.",
    )

    def documented(view: View) -> View:
        known: View = _with_header(header, bp.doc(operationId=operation)(view))
        return known

    return documented


def _header(name: str, description: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "description": description, "schema": {"type": "string"}}


def _with_header(header: dict[str, Any], view: Any) -> Any:
    # `bp.doc(parameters=...)` would replace the parameters of the query.
    # private API of flask-smorest 0.47, pinned
    view._apidoc.setdefault("arguments", {}).setdefault("parameters", []).append(header)
    return view
