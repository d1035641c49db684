"""Every URL that pages name, and its response from two addresses of one site."""

import gzip
import http.client
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from bs4 import BeautifulSoup

# They belong to a connection or a moment, or carry the proxy's own name.
OWN_HEADERS = {
    "connection", "content-length", "date", "expires", "keep-alive", "server", "transfer-encoding",
    "via", "x-request-id",
}  # fmt: skip
# Form tokens are signed with the time, form keys are random, and ages grow.
PASSING = re.compile(rb'<input[^>]*type="hidden"[^>]*>|<time.*?</time>[^<]*')


@dataclass(frozen=True)
class Received:
    """A response, without what differs between two equal requests."""

    status: int
    headers: dict[str, str]
    body: bytes


def receive(port: int, url: str, sent: dict[str, str]) -> Received:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", url, headers={"Accept-Encoding": "gzip", **sent})
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    kept = {name.lower(): value for name, value in response.getheaders()}
    if kept.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if "set-cookie" in kept:
        kept["set-cookie"] = kept["set-cookie"].partition("=")[0]
    if kept.get("content-type", "").startswith("text/html"):
        body = PASSING.sub(b"", body)
        kept.pop("etag", None)
    headers = {name: value for name, value in kept.items() if name not in OWN_HEADERS}
    return Received(response.status, headers, body)


def crawl(start: Iterable[str], fetch: Callable[[str], Received]) -> set[str]:
    """Fetch each URL of this site that is named by a page that was fetched; return them all."""
    waiting, met = [*start], {*start}
    while waiting:
        url = waiting.pop()
        new = named_by(url, fetch(url)) - met
        met |= new
        waiting += new
    return met


def named_by(url: str, received: Received) -> set[str]:
    """Return the URLs of the same site that a page, style sheet or manifest names."""
    kind = received.headers.get("content-type", "").partition(";")[0]
    text = received.body.decode(errors="replace")
    if kind == "text/html":
        named = _in_html(text)
    elif kind == "text/css":
        named = re.findall(r"url\(\s*['\"]?([^'\")]+)", text)
    elif kind == "application/manifest+json":
        manifest = json.loads(text)
        named = [manifest["start_url"], *(icon["src"] for icon in manifest["icons"])]
    else:
        named = []
    named.append(received.headers.get("location", ""))
    return {path for path in (_path(url, link) for link in named) if path}


def _in_html(text: str) -> list[str]:
    page = BeautifulSoup(text, "html.parser")
    links = [str(tag[name]) for name in ("href", "src") for tag in page.select(f"[{name}]")]
    for tag in page.select("[srcset]"):
        links += [source.split()[0] for source in str(tag["srcset"]).split(",")]
    return links


def _path(base: str, link: str) -> str:
    """Return path and query of a link on this site, else nothing."""
    parts = urlsplit(urljoin(f"http://127.0.0.1{base}", link))
    if not link or parts.hostname != "127.0.0.1" or parts.scheme != "http":
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")
