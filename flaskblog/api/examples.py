"""Examples of requests and responses, made from the OpenAPI document."""

import json
import re
from collections.abc import Mapping
from shlex import quote
from typing import Any

from flask import current_app

Schema = Mapping[str, Any]
_BY_FORMAT = {
    "date-time": "2026-01-02T03:04:05+00:00",
    "uri": "https://example.org/…",
    "password": "a few words in a row",
    "email": "ada@example.org",
}
_BY_TYPE = {"integer": 1, "number": 1, "boolean": False, "string": "…", "object": {}, "null": None}


def curl_command(operation: Schema, fields: Schema) -> str:
    """The call of an operation; `fields` are those of its body."""
    path = re.sub(r"{\w+}", "1", operation["path"])
    parts = [f"curl {quote(current_app.config['SITE_URL'] + path)}"]
    if operation["method"] not in {"GET", "POST"} or (operation["method"] == "POST" and not fields):
        parts.append(f"-X {operation['method']}")
    if operation.get("security") and {} not in operation["security"]:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    if fields:
        body = {name: example(field, {}) for name, field in fields.items()}
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d {quote(json.dumps(body, ensure_ascii=False))}")
    return " \\\n  ".join(parts)


def response_body(operation: Schema, schemas: Schema) -> str:
    """The JSON of the first successful response; empty without a body."""
    content = next(iter(operation["responses"].values())).get("content", {})
    if "application/json" not in content:
        return ""
    body = example(content["application/json"]["schema"], schemas)
    return json.dumps(body, indent=2, ensure_ascii=False)


def example(schema: Schema, schemas: Schema) -> Any:
    """A value that a schema allows; `schemas` are those that it may refer to."""
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "properties" in schema:
        return {name: example(field, schemas) for name, field in schema["properties"].items()}
    if "items" in schema:
        return [example(schema["items"], schemas)]
    kind = schema.get("type", "string")
    by_type = _BY_TYPE[kind if isinstance(kind, str) else kind[0]]
    default = schema.get("enum", [_BY_FORMAT.get(schema.get("format", ""), by_type)])[0]
    return schema.get("example", default)
