"""URLs with a superfluous slash at the end."""

from urllib.parse import quote

from flask import redirect, request
from flask.globals import request_ctx
from werkzeug import Response
from werkzeug.exceptions import HTTPException

from flaskblog.urls import is_api_path, is_local


def redirect_without_slash() -> Response | None:
    """A redirect to the page that the URL without its last slashes has, with the same query."""
    path = request.path
    if request.method not in {"GET", "HEAD"} or not path.endswith("/") or is_api_path(path):
        return None
    target = quote(request.script_root + path.rstrip("/"))
    if not is_local(target) or not _is_page(path.rstrip("/")):
        return None
    query = request.query_string.decode(errors="replace")
    return redirect(f"{target}?{query}" if query else target, 308)


def _is_page(path: str) -> bool:
    adapter = request_ctx.url_adapter
    if adapter is None:
        return False
    try:
        endpoint, _ = adapter.match(path, "GET")
    except HTTPException:
        return False
    return bool(endpoint != "static")
