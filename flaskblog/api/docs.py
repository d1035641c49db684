"""The OpenAPI document as JSON and as a page."""

from typing import Any

from flask import Blueprint, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from flaskblog.api.examples import curl_command, response_body

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
    schemas = document["components"]["schemas"]
    operations = [
        _described({"method": method.upper(), "path": path, **operation}, schemas)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    ]
    return render_template("api/docs.html", operations=operations, schemas=schemas)


def _described(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """With the fields of its body, its responses by status, and an example of each."""
    fields = _fields(operation, schemas)
    operation["responses"] = dict(sorted(operation["responses"].items()))
    return operation | {
        "fields": fields,
        "curl": curl_command(operation, fields),
        "response": response_body(operation, schemas),
    }


def _document() -> dict[str, Any]:
    apis = current_app.extensions["flask-smorest"]["apis"]
    document: dict[str, Any] = apis["API_"]["ext_obj"].spec.to_dict()
    return document


def _fields(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The fields of the request body."""
    if "requestBody" not in operation:
        return {}
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: dict[str, Any] = schemas[reference.rpartition("/")[2]]
    required = schema.get("required", [])
    return {
        name: {**field, "is_required": name in required}
        for name, field in schema["properties"].items()
    }
