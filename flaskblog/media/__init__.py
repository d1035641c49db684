"""Uploaded pictures: validated, re-encoded, and stored in a folder or an S3 bucket."""

import importlib

from flask import Flask

from flaskblog.media.folder import Folder


def init_app(app: Flask) -> None:
    """Open the store named by `MEDIA_URL` or `MEDIA_FOLDER`.

    Raises `SystemExit` with one line if the packages for S3 are not installed.
    """
    url = app.config["MEDIA_URL"]
    if not url:
        app.extensions["media"] = Folder(app.config["MEDIA_FOLDER"])
        return
    try:
        # Imported on demand: its packages are optional, and larger than all others together.
        s3 = importlib.import_module("flaskblog.media.s3")
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"Flaskblog cannot start. MEDIA_URL needs {error.name}: "
            "pip install -r deploy/requirements-s3.txt"
        ) from None
    app.extensions["media"] = s3.S3Store(url)
