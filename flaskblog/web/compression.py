"""Compression of public responses."""

from flask import Flask, Response, request
from flask_compress import Compress

# Longer headers are ignored: Flask-Compress remembers the meaning of many.
MAX_ACCEPT_ENCODING_LENGTH = 200

_compress = Compress()


def init_app(app: Flask) -> None:
    app.config["COMPRESS_REGISTER"] = False
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_STREAMS"] = False
    _compress.init_app(app)
    app.after_request(_compress_public)


def _compress_public(response: Response) -> Response:
    # A page of a session contains CSRF tokens, which its compressed length would reveal to an
    # attacker who can inject text and observe the network (BREACH).
    # A partial response (206) must keep its byte range.
    if "no-store" in response.headers.get("Cache-Control", "") or response.status_code != 200:
        return response
    if len(request.headers.get("Accept-Encoding", "")) > MAX_ACCEPT_ENCODING_LENGTH:
        return response
    if response.is_streamed and response.content_type.startswith(("text/", "image/svg")):
        # Static files: reading them here also closes them, which Flask-Compress does not.
        response.direct_passthrough = False
        response.get_data()
    return _compress.after_request(response)
