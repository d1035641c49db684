"""ETags: conditional reads and writes (RFC 9110, 13)."""

import hashlib
from typing import Any

from flask import Response, abort, json, jsonify, request

STALE = "The resource has changed since you read it. Read it again and retry."


def respond(document: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """Return a document with its ETag, or 304 if the client has this version."""
    response = jsonify(document)
    response.status_code = status
    response.headers.update(headers)
    response.set_etag(_etag(document))
    response.make_conditional(request)
    return response


def check_unchanged(document: dict[str, Any]) -> None:
    """Abort with 412 if the request is for another version (RFC 9110, 13.1.1)."""
    # Flask-Compress appends the encoding to the tag, after a colon.
    tags = {tag.partition(":")[0] for tag in request.if_match}
    is_met = request.if_match.star_tag or _etag(document) in tags
    if "If-Match" in request.headers and not is_met:
        abort(412, STALE)


def abort_stale() -> None:
    """Abort because another request changed the resource between our read and our write."""
    abort(412 if "If-Match" in request.headers else 409, STALE)


def _etag(document: dict[str, Any]) -> str:
    """A digest of everything in the document, so that a renamed author changes it too."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]
