"""The OpenAPI document, CORS and caching headers of the API."""

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_cors import CORS
from flask_smorest import Api
from marshmallow import Schema
from werkzeug.exceptions import HTTPException

from flaskblog.api.blueprint import bp
from flaskblog.api.schemas import ProblemSchema
from flaskblog.api.tokens import SCHEME
from flaskblog.database.base import LARGEST_ID
from flaskblog.extensions import csrf
from flaskblog.urls import IdConverter, is_api_path
from flaskblog.web.errors import show_error

REQUEST_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"]
EXPOSED_HEADERS = [
    "ETag",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
]


class _Api(Api):
    """flask-smorest with the error responses of the site."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> ResponseReturnValue:
        return show_error(error)

    def _register_pagination_header(self) -> None:  # private API of flask-smorest 0.47, pinned
        """Do nothing: its schema would be documented, but pages are linked by `Link` headers."""


def init_app(app: Flask) -> None:
    document = _Api(
        config_prefix="API",
        spec_kwargs={
            "title": f"{app.config['SITE_NAME']}: the JSON API",
            "version": "1",
            "openapi_version": "3.1.0",
            "servers": [{"url": "/"}],
            "info": {"description": "JSON API of this site."},
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_schema_name),
        },
    )
    document.init_app(app)
    document.register_converter(IdConverter, _described_id)
    document.spec.components.security_scheme(
        SCHEME, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    document.register_blueprint(bp)
    csrf.exempt(bp)
    CORS(
        app,
        resources=[r"/api/.*"],
        origins=app.config["CORS_ORIGINS"],
        send_wildcard=True,
        allow_headers=REQUEST_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
    )
    app.after_request(_set_cache_control)


def _set_cache_control(response: Response) -> Response:
    if is_api_path(request.path):
        response.vary.add("Authorization")
        if "Cache-Control" not in response.headers:
            private = "Authorization" in request.headers
            response.headers["Cache-Control"] = "private, no-cache" if private else "no-cache"
    return response


def _schema_name(schema: type[Schema] | Schema) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    is_partial = not isinstance(schema, type) and bool(schema.partial)
    return ("Partial" if is_partial else "") + kind.__name__.removesuffix("Schema")


def _described_id(_converter: Any) -> dict[str, Any]:
    return {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
