"""The stylesheet, joined from its parts, and URLs of static files that change with the file."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.security import safe_join

# In order of the cascade: a later one overrides an earlier one.
STYLESHEETS = (
    "fonts",
    "tokens",
    "base",
    "page",
    "buttons",
    "forms",
    "notices",
    "people",
    "menu",
    "home",
    "posts",
    "pager",
    "prose",
    "reading",
    "code",
    "history",
    "editor",
    "editor_bar",
    "account",
    "print",
)
STYLESHEET = "style.css"
# In a style sheet, relative to the joined one.
_FONT = re.compile(r'url\("(fonts/[^"]+)"\)')
YEAR = 365 * 24 * 60 * 60  # seconds


def init_app(app: Flask) -> None:
    app.add_url_rule(f"/static/{STYLESHEET}", "style_sheet", stylesheet)
    app.jinja_env.globals["asset_url"] = asset_url
    app.after_request(_cache_versioned_files)


def stylesheet() -> ResponseReturnValue:
    """Return all stylesheets as one, so that a page waits for a single file."""
    text, version = _stylesheet()
    response = Response(text, mimetype="text/css")
    response.set_etag(version)
    response.cache_control.max_age = current_app.get_send_file_max_age(STYLESHEET)
    return response.make_conditional(request)


def asset_url(filename: str) -> str:
    """Return the URL of a static file, with its version so that caches can keep it."""
    return f"{current_app.url_for('static', filename=filename)}?v={_version(filename)}"


def _cache_versioned_files(response: Response) -> Response:
    """Let caches keep a file for a year if its URL holds its current version."""
    if request.endpoint in {"static", "style_sheet"} and response.status_code in {200, 304}:
        filename = (request.view_args or {}).get("filename", STYLESHEET)
        if request.args.get("v") == _version(filename):
            response.cache_control.public = True
            response.cache_control.max_age = YEAR
            response.cache_control.immutable = True
    return response


def _version(filename: str) -> str | None:
    if filename == STYLESHEET:
        return _stylesheet()[1]
    # In debug mode a file may change at any time; otherwise only with a restart.
    read = _read_version.__wrapped__ if current_app.debug else _read_version
    return read(str(current_app.static_folder), filename)


def _stylesheet() -> tuple[str, str]:
    read = _read_stylesheet.__wrapped__ if current_app.debug else _read_stylesheet
    return read(str(current_app.static_folder))


@lru_cache(maxsize=256)
def _read_version(folder: str, filename: str) -> str | None:
    path = safe_join(folder, filename)
    if path is None or not Path(path).is_file():
        return None
    return _digest(Path(path).read_bytes())


@lru_cache(maxsize=1)
def _read_stylesheet(folder: str) -> tuple[str, str]:
    """Return the joined stylesheets, with the versions of their fonts, and their own version."""
    joined = "".join(Path(folder, "css", f"{name}.css").read_text() for name in STYLESHEETS)
    text = _FONT.sub(lambda url: f'url("{url[1]}?v={_read_version(folder, url[1])}")', joined)
    return text, _digest(text.encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
