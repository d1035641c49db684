"""An HTTP client with cookies, for a running site."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import IO

from tests.support.factories import PASSWORD


class HttpClient:
    def __init__(self, address: str, forwarded_for: str = "") -> None:
        """`forwarded_for` is the network address that a proxy would tell of."""
        self.address = address
        self.cookies = CookieJar()
        processor = urllib.request.HTTPCookieProcessor(self.cookies)
        self._opener = urllib.request.build_opener(processor, _Stay)
        if forwarded_for:
            self._opener.addheaders.append(("X-Forwarded-For", forwarded_for))

    def get(self, path: str) -> tuple[int, str]:
        return self._open(urllib.request.Request(self.address + path))

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """The status, and where the answer leads or what it says. Raises `OSError`."""
        data = urllib.parse.urlencode(fields).encode()
        return self._open(urllib.request.Request(self.address + path, data))

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.get(path)[1])
        assert found, f"{path} holds no form"
        return found[1]

    def sign_up(self, name: str) -> None:
        fields = {
            "username": name,
            "email": f"{name}@example.org",
            "password": PASSWORD,
            "confirm_password": PASSWORD,
        }
        status, _ = self.post("/register", csrf_token=self.token("/register"), **fields)
        assert status == 302

    def log_in(self, name: str, password: str) -> tuple[int, str]:
        token = self.token("/login")
        return self.post("/login", csrf_token=token, email=name, password=password)

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=15) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Location") or error.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Tells where it would lead, and does not go there."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None
