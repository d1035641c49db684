"""The blueprint that the addresses under `/api` are registered at, and how it describes them."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask_smorest import Blueprint

from flaskblog.api.bodies import BodyParser
from flaskblog.api.schemas import ProblemSchema
from flaskblog.problems import MEDIA_TYPE

View = TypeVar("View", bound=Callable[..., Any])

ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Names this state of it."}}
LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where it is from now on."}}
LINK = {
    "Link": {
        "schema": {"type": "string"},
        "description": "Other pages: `first`, `last`, `next` and `prev` (RFC 8288).",
    }
}


class ApiBlueprint(Blueprint):
    ARGUMENTS_PARSER = BodyParser()


api = ApiBlueprint("api", __name__, url_prefix="/api", description="People, and what they write.")


def problems(*codes: int) -> Callable[[View], View]:
    """Document how a view may refuse."""

    def documented(view: View) -> View:
        for code in codes:
            view = api.alt_response(
                code,
                schema=ProblemSchema,
                content_type=MEDIA_TYPE,
                description=HTTPStatus(code).phrase,
            )(view)
        return view

    return documented


def reads(name: str) -> Callable[[View], View]:
    """Name a view that takes `If-None-Match`."""
    header = _header("If-None-Match", "Answer 304 if the ETag is still this one.")

    def documented(view: View) -> View:
        described = api.alt_response(304, description="Not Modified", success=True)
        known: View = described(_with(header, api.doc(operationId=name)(view)))
        return known

    return documented


def changes(name: str) -> Callable[[View], View]:
    """Name a view that takes `If-Match`.

    It is told in words: a checker that made one up would take the 412 for a fault.
    """
    named: Callable[[View], View] = api.doc(
        operationId=name,
        description="Send the ETag you read as `If-Match`: if it has changed since, you get a 412.",
    )
    return named


def makes(name: str) -> Callable[[View], View]:
    """Name a view that takes `Idempotency-Key`."""
    header = _header("Idempotency-Key", "A name of your choice: sent twice, it makes one thing.")

    def documented(view: View) -> View:
        known: View = _with(header, api.doc(operationId=name)(view))
        return known

    return documented


def _header(name: str, description: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "description": description, "schema": {"type": "string"}}


def _with(header: dict[str, Any], view: Any) -> Any:
    # Through `doc` it would take the place of the parameters of the query.
    view._apidoc.setdefault("arguments", {}).setdefault("parameters", []).append(header)
    return view
