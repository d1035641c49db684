"""The OpenAPI document as JSON and as a page."""

from typing import Any

from flask import Blueprint, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

bp = Blueprint("documents", __name__)


@bp.route("/openapi.json")
def openapi() -> ResponseReturnValue:
    """The OpenAPI document."""
    response = jsonify(_document())
    response.add_etag()
    return response.make_conditional(request)


@bp.route("/docs")
def docs() -> ResponseReturnValue:
    """The documentation of the API."""
    document = _document()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            **operation,
            "fields": _fields(document, operation),
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    ]
    schemas = document["components"]["schemas"]
    return render_template("api/docs.html", operations=operations, schemas=schemas)


def _document() -> dict[str, Any]:
    apis = current_app.extensions["flask-smorest"]["apis"]
    document: dict[str, Any] = apis["API_"]["ext_obj"].spec.to_dict()
    return document


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """The fields of the request body."""
    if "requestBody" not in operation:
        return {}
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    required = schema.get("required", [])
    return {
        name: {**field, "is_required": name in required}
        for name, field in schema["properties"].items()
    }
