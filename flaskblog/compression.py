"""Answers that are the same for everybody go over the wire compressed."""

from flask import Flask, Response
from flask_compress import Compress

_compress = Compress()


def init_app(app: Flask) -> None:
    app.config["COMPRESS_REGISTER"] = False
    app.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    app.config["COMPRESS_STREAMS"] = False
    _compress.init_app(app)
    app.after_request(_compress_what_is_public)


def _compress_what_is_public(response: Response) -> Response:
    # A page made for one person holds form tokens: its compressed length would give them away,
    # letter by letter, to who can put words into it and watch the wire (the BREACH attack).
    # A part of a file (206) keeps the bytes that it names.
    if "no-store" in response.headers.get("Cache-Control", "") or response.status_code != 200:
        return response
    if response.is_streamed and response.content_type.startswith(("text/", "image/svg")):
        # Our own small files: read whole, they are closed too, which Flask-Compress forgets.
        response.direct_passthrough = False
        response.get_data()
    return _compress.after_request(response)
