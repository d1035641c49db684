"""Stored pictures of the site, each under a random file name."""

import secrets
from collections.abc import Hashable

from flask import Flask, current_app

from flaskblog.media.store import NAME, MediaError, Store


def store() -> Store:
    media: Store = current_app.extensions["media"]
    return media


def save(picture: bytes) -> str:
    """Store a picture; return its new name."""
    name = picture_name()
    store().write(name, picture)
    return name


def remove(name: str) -> None:
    """Delete a picture that is no longer used; a failure is only logged."""
    try:
        store().remove(name)
    except MediaError:
        current_app.logger.warning("could not delete picture %s", name, exc_info=True)


def version(app: Flask, name: str) -> Hashable | None:
    """Return a value that changes with the picture, or None if it is not known cheaply."""
    media: Store = app.extensions["media"]
    return media.version(name) if NAME.fullmatch(name) else None


def picture_name() -> str:
    """Return a new file name that cannot be guessed."""
    return secrets.token_hex(16) + ".webp"
