"""The OpenAPI document, and the page that tells the same to people."""

from typing import Any

from flask import Blueprint, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

documents = Blueprint("documents", __name__)


@documents.route("/openapi.json")
def openapi() -> ResponseReturnValue:
    """What the API takes and answers, for programs."""
    response = jsonify(_document())
    response.add_etag()
    return response.make_conditional(request)


@documents.route("/docs")
def docs() -> ResponseReturnValue:
    """What the API takes and answers, for people."""
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
    """The same for everybody: it depends on the site's settings alone."""
    apis = current_app.extensions["flask-smorest"]["apis"]
    document: dict[str, Any] = apis["API_"]["ext_obj"].spec.to_dict()
    return document


def _fields(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """What the body of a request holds."""
    if "requestBody" not in operation:
        return {}
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    required = schema.get("required", [])
    return {
        name: {**field, "is_required": name in required}
        for name, field in schema["properties"].items()
    }
