"""A client with an account on a measured site."""

import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

PASSWORD = "a password to measure with"
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Member:
    def __init__(self, site: str) -> None:
        self.site = site
        self.name = f"bench-{secrets.token_hex(5)}"
        self._cookies = CookieJar()
        processor = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(processor)

    def register(self) -> None:
        """Sign up, and log in. Sets `login_form` and `visitor_cookie` for another login."""
        fields = {"username": self.name, "email": f"{self.name}@example.org", "password": PASSWORD}
        self._send("/register", fields | {"confirm_password": PASSWORD})
        self._send("/logout", {})
        self.login_form = self.form("/login", {"email": self.name, "password": PASSWORD})
        self.visitor_cookie = self.cookie
        self._send("/login", {"email": self.name, "password": PASSWORD})
        self.form("/logout", {})  # for members only: it ends without a form here

    def delete_account(self) -> None:
        """Delete the account and its posts."""
        self._send("/account/delete", {"password": PASSWORD})

    @property
    def cookie(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._cookies)

    def form(self, path: str, fields: dict[str, str]) -> str:
        """Return an encoded form with the CSRF token of its page."""
        token = _TOKEN.search(self.read(path))
        if token is None:
            raise SystemExit(f"{path} has no form")
        return urllib.parse.urlencode(fields | {"csrf_token": token[1]})

    def read(self, path: str) -> str:
        with self._opener.open(self.site + path) as answer:
            return str(answer.read().decode())

    def _send(self, path: str, fields: dict[str, str]) -> None:
        body = self.form(path, fields).encode()
        with self._opener.open(self.site + path, data=body) as answer:
            answer.read()


def read(address: str) -> tuple[str, str]:
    """Return a page and its ETag as a visitor gets them, or two empty texts on an error."""
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.read().decode(errors="replace"), answer.headers.get("ETag", "")
    except urllib.error.HTTPError:
        return "", ""
