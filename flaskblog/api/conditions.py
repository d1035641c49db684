"""ETags: what has not changed is not sent again, and what has is not overwritten unseen."""

import hashlib
from typing import Any

from flask import Response, abort, json, jsonify, request

STALE = "It has changed since you read it. Read it again, and decide anew."


def answer(document: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """A document with its ETag; to a program that has it already, a 304."""
    response = jsonify(document)
    response.status_code = status
    response.headers.update(headers)
    response.set_etag(_etag(document))
    response.make_conditional(request)
    return response


def check_unchanged(document: dict[str, Any]) -> None:
    """End in a 412 if the request is for another state (RFC 9110, 13.1.1)."""
    # What went out compressed carries the encoding in its tag, after a colon.
    named = {tag.partition(":")[0] for tag in request.if_match}
    is_met = request.if_match.star_tag or _etag(document) in named
    if "If-Match" in request.headers and not is_met:
        abort(412, STALE)


def lost_race() -> None:
    """Somebody else changed it between our look and our write."""
    abort(412 if "If-Match" in request.headers else 409, STALE)


def _etag(document: dict[str, Any]) -> str:
    """Of all that is told: a name or a picture that changed counts, not just the words."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]
