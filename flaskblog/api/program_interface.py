"""How the API is put together: its document, its headers, and who may call it from where."""

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from flask_cors import CORS
from flask_smorest import Api
from marshmallow import Schema

from flaskblog.addresses import IdConverter, is_for_programs
from flaskblog.api.blueprint import api
from flaskblog.api.tokens import SCHEME
from flaskblog.database import LARGEST_ID
from flaskblog.extensions import csrf

SENT_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"]
TOLD_HEADERS = [
    "ETag",
    "Link",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
]


class _Document(Api):
    """flask-smorest without its error handler and its pages: the site has its own."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass

    def _register_responses(self) -> None:
        pass

    def _register_pagination_header(self) -> None:
        pass


def init_app(app: Flask) -> None:
    document = _Document(
        config_prefix="API",
        spec_kwargs={
            "title": f"{app.config['SITE_NAME']}: the JSON API",
            "version": "1",
            "openapi_version": "3.1.0",
            "servers": [{"url": "/"}],
            "info": {"description": "The same site, for other programs."},
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_schema_name),
        },
    )
    document.init_app(app)
    document.register_converter(IdConverter, _described_id)
    document.spec.components.security_scheme(
        SCHEME, {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    document.register_blueprint(api)
    csrf.exempt(api)
    CORS(
        app,
        resources=[r"/api/.*"],
        origins=app.config["CORS_ORIGINS"],
        send_wildcard=True,
        allow_headers=SENT_HEADERS,
        expose_headers=TOLD_HEADERS,
        max_age=600,
    )
    app.after_request(_say_who_may_keep_it)


def _say_who_may_keep_it(response: Response) -> Response:
    if is_for_programs(request.path):
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
