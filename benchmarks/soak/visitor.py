"""A client of the soak test, with a network address and cookies of its own."""

import re
import secrets
import time
from dataclasses import dataclass, field
from html import unescape
from ipaddress import IPv4Address
from itertools import count
from typing import Any, Self

import httpx

from benchmarks.soak.traffic import LIMITED, NO_ANSWER, Place, Traffic

PASSWORD = "a password to soak with"
TIMEOUT = 60  # seconds
PAUSE = 0.02  # seconds before each request
_FIRST_ADDRESS = int(IPv4Address("127.1.0.1"))
_HIDDEN = re.compile(r'name="(csrf_token|key|post_id|version)"[^>]* value="([^"]*)"')
_offsets = count()


class VisitEndsError(Exception):
    """The time is over, the visitor has reached a rate limit, or was let down."""


@dataclass
class Site:
    address: str
    traffic: Traffic = field(default_factory=Traffic)
    ends_at: float = 0.0  # of `time.monotonic()`

    def is_open(self) -> bool:
        return time.monotonic() < self.ends_at


def next_address() -> str:
    return str(IPv4Address(_FIRST_ADDRESS + next(_offsets)))


class Visitor:
    def __init__(self, site: Site, kind: str) -> None:
        self.site = site
        self.traffic = site.traffic
        self.kind = kind
        self.name = f"soak-{secrets.token_hex(5)}"
        self.http = httpx.Client(
            base_url=site.address,
            transport=httpx.HTTPTransport(local_address=next_address()),
            timeout=TIMEOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def send(self, method: str, path: str, *expected: int, **content: Any) -> httpx.Response:
        """Return the response if it has an expected status; raise `VisitEndsError` otherwise."""
        if not self.site.is_open():
            raise VisitEndsError
        time.sleep(PAUSE)
        try:
            response = self.http.request(method, path, **content)
        except httpx.HTTPError as error:
            self._count(NO_ANSWER, False, f"{method} {path}: {error!r}")
            raise VisitEndsError from error
        is_expected = response.status_code in expected
        is_right = is_expected or response.status_code == LIMITED
        self._count(response.status_code, is_right, f"{method} {path[:200]}")
        if not is_expected:
            raise VisitEndsError
        return response

    def read(self, path: str) -> str:
        return self.send("GET", path, 200).text

    def submit(
        self, path: str, fields: dict[str, str], *, form: str = "", status: int = 302, **more: Any
    ) -> httpx.Response:
        """Fill the form of a page, with its hidden fields, and send it to `path`."""
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(self.read(form or path))}
        return self.send("POST", path, status, data=hidden | fields, **more)

    def sign_up(self) -> None:
        account = {"username": self.name, "email": f"{self.name}@example.org"}
        self.submit("/register", account | {"password": PASSWORD, "confirm_password": PASSWORD})
        if self.send("GET", "/account", 200, 302).status_code == 302:
            self.log_in()

    def log_in(self) -> None:
        self.submit("/login", {"email": self.name, "password": PASSWORD})

    def expect(self, path: str, text: str) -> None:
        """Remember what this member must still read at the end."""
        self.traffic.expect(path, text=text, reader=self.name, cookie=self.cookie)

    def forget(self, path: str) -> None:
        """Expect nothing there until the next write is acknowledged and its result is known."""
        self.traffic.acknowledged.pop(Place(path, self.name), None)

    def _count(self, status: int, is_right: bool, note: str) -> None:
        self.traffic.count(self.kind, status, is_right=is_right, note=note)
