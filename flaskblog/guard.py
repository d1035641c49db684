"""What no view should have to think about: foreign hosts, forged forms, and bytes that are no text.

Runs before every request, and ends in a 400 page.
"""

import re
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes

from flask import Flask, abort, current_app, request
from flask.globals import request_ctx
from werkzeug.sansio.utils import host_is_trusted

from flaskblog.addresses import is_for_programs, mounted_at
from flaskblog.users.avatars import MAX_BYTES

# In bytes. A picture that is too large by little is told at its field, one by much is cut off.
LARGER_FORMS = {"users.account": 2 * MAX_BYTES}
# A link from a mail may be broken in any way: its page tells more than a 400 can.
TOLERANT = {"users.choose_password"}
# Asked by machines, which know another one by its number.
BY_NUMBER = {"main.livez", "main.readyz", "main.metrics"}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORT = re.compile(r":\d+\Z")


def init_app(app: Flask) -> None:
    app.before_request(_refuse_foreign_host)
    app.before_request(_refuse_foreign_origin)
    app.before_request(_take_pictures)
    app.before_request(_refuse_broken_text)


def _refuse_foreign_host() -> None:
    if request_ctx.url_adapter is None:
        # The header is no host at all: the error page still needs its links.
        root = mounted_at.get() or "/"
        request_ctx.url_adapter = current_app.url_map.bind("localhost", script_name=root)
        abort(400)
    name = _PORT.sub("", request.host.lower()).strip("[]")
    if request.scheme not in {"http", "https"}:
        abort(400, "A proxy in front of this site says it was reached in an unknown way.")
    is_ours = name in current_app.config["SITE_HOSTS"] or (
        request.endpoint in BY_NUMBER and _is_number(name)
    )
    if not host_is_trusted(request.host) or not is_ours:
        abort(400, "This site does not answer under that name.")


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _refuse_foreign_origin() -> None:
    # Beside the form token: OWASP's CSRF cheat sheet names both headers as a defence of their own.
    # The API knows no cookies: a program of any origin that holds a token may send it.
    if request.method in _SAFE_METHODS or is_for_programs(request.path):
        return
    origin = request.headers.get("Origin")
    ours = {request.host.lower(), current_app.config["SITE_URL"].partition("://")[2]}
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or (
        origin is not None and origin.partition("://")[2] not in ours
    ):
        abort(400, "That form was sent from another site. Open it here, and send it again.")


def _take_pictures() -> None:
    if request.endpoint in LARGER_FORMS:
        request.max_content_length = LARGER_FORMS[request.endpoint]


def _refuse_broken_text() -> None:
    if is_for_programs(request.path):
        return  # where schemas tell it by field
    sent: list[bytes] = []
    if request.endpoint not in TOLERANT:
        sent.append(request.environ["PATH_INFO"].encode("latin-1"))
        sent.append(unquote_to_bytes(request.query_string))
    typed: list[str] = []
    if "CONTENT_TYPE" in request.environ:
        is_plain_form = request.mimetype == "application/x-www-form-urlencoded"
        body = request.get_data() if is_plain_form else b""
        typed = [text for field in request.form.items(multi=True) for text in field]
        # Werkzeug leaves bytes that are no text as they were sent, or drops all; `%` may be typed.
        if body and (not typed or any("%" in text for text in typed)):
            sent.append(unquote_to_bytes(body))
    try:
        if any("\x00" in text for text in [*typed, *(text.decode() for text in sent)]):
            abort(400, "The address or the form holds a NUL character.")
    except UnicodeDecodeError:
        abort(400, "The address or the form holds bytes that are not UTF-8 text.")
