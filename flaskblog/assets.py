"""The style sheet, made of its parts, and addresses of files that change whenever the file does."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.security import safe_join

# In this order: what comes later takes over what came before.
SHEETS = (
    "vendor/pico.min",
    "tokens",
    "page",
    "notices",
    "forms",
    "posts",
    "reading",
    "account",
    "code",
    "history",
    "print",
)
YEAR = 365 * 24 * 60 * 60


def init_app(app: Flask) -> None:
    app.add_url_rule("/static/style.css", "style_sheet", style_sheet)
    app.url_defaults(_name_the_version)
    app.after_request(_let_caches_keep)


def style_sheet() -> ResponseReturnValue:
    """All style sheets as one, so that a page waits for a single file."""
    text, digest = _sheet()
    response = Response(text, mimetype="text/css")
    response.set_etag(digest)
    response.cache_control.max_age = current_app.get_send_file_max_age("style.css")
    return response.make_conditional(request)


def _name_the_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint in {"static", "style_sheet"}:
        values.setdefault("v", _version(endpoint, values.get("filename", "")))


def _let_caches_keep(response: Response) -> Response:
    """A file under the address of its own version never changes there."""
    if request.endpoint in {"static", "style_sheet"} and response.status_code in {200, 304}:
        filename = (request.view_args or {}).get("filename", "")
        if request.args.get("v") == _version(request.endpoint, filename):
            response.cache_control.public = True
            response.cache_control.max_age = YEAR
            response.cache_control.immutable = True
    return response


def _version(endpoint: str, filename: str) -> str | None:
    if endpoint == "style_sheet":
        return _sheet()[1]
    find = _find_version if current_app.debug else _known_version
    return find(_folder(), filename)


def _find_version(folder: Path, filename: str) -> str | None:
    path = safe_join(str(folder), filename)
    if path is None or not Path(path).is_file():
        return None
    return _digest(Path(path).read_bytes())


def _sheet() -> tuple[str, str]:
    join = _join if current_app.debug else _joined
    return join(_folder())


def _join(folder: Path) -> tuple[str, str]:
    text = "".join((folder / "css" / f"{name}.css").read_text() for name in SHEETS)
    return text, _digest(text.encode())


# Whoever works on these files sees each change at once; elsewhere they change with a restart.
_known_version = lru_cache(maxsize=256)(_find_version)
_joined = lru_cache(maxsize=1)(_join)


def _folder() -> Path:
    return Path(str(current_app.static_folder))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
