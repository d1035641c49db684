"""Send long values to every URL and form of a site, and print what its process retains.

A program of its own, in which nothing else allocates memory: `python -m tests.support.memory_probe
DATABASE_URL ROUNDS`. It prints a JSON object.
"""

import gc
import json
import os
import re
import sys
import tracemalloc
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from flask_migrate import upgrade
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flaskblog.urls import is_api_path
from tests.conftest import make_app
from tests.support.client import Client, browser
from tests.support.factories import make_post, make_user

VALUE_BYTES = 7_500  # in a URL that is not too long
WARM_UP_ROUNDS = 1
QUERY = ("after", "author", "before", "cursor", "draft", "page", "per_page", "q", "v")
HEADERS = (
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_AUTHORIZATION",
    "HTTP_IDEMPOTENCY_KEY",
    "HTTP_IF_MATCH",
    "HTTP_IF_NONE_MATCH",
    "HTTP_REFERER",
    "HTTP_USER_AGENT",
    "HTTP_X_REQUEST_ID",
)
FORM = (
    "confirm_password",
    "content",
    "current_password",
    "email",
    "key",
    "mode",
    "password",
    "post_id",
    "unknown",
    "username",
    "version",
)

Environ = dict[str, Any]


class Probe:
    """Requests of a visitor and of a member, each with values that no other has."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.user = make_user()
        make_post(self.user)
        self.urls: MapAdapter = app.url_map.bind("127.0.0.1")
        self.values_sent = self.failures = 0

    def send_to_every_url(self, rounds: int) -> None:
        visitor, member = browser(self.app), browser(self.app)
        for rule in self.app.url_map.iter_rules():
            member.start_session(self.user)  # which the previous URL may have ended
            for client, page in ((visitor, "/login"), (member, "/account")):
                token = client.token(page)
                for number in range(rounds):
                    for environ in self._requests(rule, token, QUERY[number % len(QUERY)]):
                        environ["HTTP_COOKIE"] = f"{_session_cookie(client)}; x={self._value()}"
                        self._send(environ)

    def _requests(self, rule: Rule, token: str, name: str) -> Iterator[Environ]:
        short = dict.fromkeys(rule.arguments, "author") | _ids(rule)
        path = self.urls.build(rule.endpoint, short, append_unknown=False)
        base = EnvironBuilder(path).get_environ()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if method == "GET":
                yield base | {"QUERY_STRING": f"next={self._value()}"} | self._values(HEADERS)
                yield base | {"QUERY_STRING": f"{name}={self._value()}"}
                yield base | {"PATH_INFO": self._long_path(rule, path)}
            else:
                yield base | {"REQUEST_METHOD": method} | self._body(path, token)

    def _long_path(self, rule: Rule, path: str) -> str:
        texts = {name: self._value().strip("/") for name in rule.arguments - _ids(rule).keys()}
        if not texts:
            return path + self._value()
        return self.urls.build(rule.endpoint, texts | _ids(rule), append_unknown=False)

    def _body(self, path: str, token: str) -> Environ:
        fields = self._values(FORM) | {"title": f"{self.values_sent}", "action": "preview"}
        kind = "application/x-www-form-urlencoded"
        body = urlencode(fields | {"csrf_token": token}).encode()
        if is_api_path(path):
            kind, body = "application/json", json.dumps(fields).encode()
        stream = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return stream | {"CONTENT_TYPE": kind}

    def _values(self, names: tuple[str, ...]) -> dict[str, str]:
        return {name: self._value() for name in names}

    def _value(self) -> str:
        self.values_sent += 1
        return f"/{self.values_sent:09}{'a' * VALUE_BYTES}"

    def _send(self, environ: Environ) -> None:
        body, status, _ = run_wsgi_app(self.app, environ)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
        self.failures += status.startswith("5")


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def retained_values() -> int:
    """How many blocks of memory there are that are as long as a value."""
    for number in range(128):
        urlsplit(f"/{number}")  # Python keeps the last 128, of which each is short enough
    gc.collect()
    traces = tracemalloc.take_snapshot().traces
    return sum(VALUE_BYTES <= trace.size < 2 * VALUE_BYTES for trace in traces)


def run(database_url: str, rounds: int) -> dict[str, int]:
    app = make_app(database_url, RATELIMIT_ENABLED="false", LOG_LEVEL="ERROR")
    with app.app_context():
        upgrade()
        probe = Probe(app)
        tracemalloc.start()
        probe.send_to_every_url(WARM_UP_ROUNDS)
        retained = retained_values()
        values, resident = probe.values_sent, resident_bytes()
        probe.send_to_every_url(rounds)
        growth = resident_bytes() - resident
        return {
            "values": probe.values_sent - values,
            "failures": probe.failures,
            "retained": retained_values() - retained,
            "growth": growth,
        }


def _ids(rule: Rule) -> dict[str, str]:
    """The arguments of an URL that are numbers, each of an existing row."""
    return dict.fromkeys(re.findall(r"<(?:id|int)\b[^:]*:(\w+)>", rule.rule), "1")


def _session_cookie(client: Client) -> str:
    cookie = client.get_cookie("session")
    return f"session={cookie.value}" if cookie else ""


if __name__ == "__main__":
    json.dump(run(sys.argv[1], int(sys.argv[2])), sys.stdout)
