"""What the friendly visitors do until their visit ends; what was acknowledged is remembered."""

import io
import re
import secrets
from functools import lru_cache
from html import unescape
from random import choice, randrange

from PIL import Image

from benchmarks.soak.visitor import PASSWORD, Visitor

FEEDS_AND_LISTS = (
    "/feed.xml",
    "/sitemap.xml",
    "/robots.txt",
    "/manifest.webmanifest",
    "/openapi.json",
    "/api/posts",
    "/api/users",
    "/readyz",
)
STEPS = 100  # of a reader
UPLOAD_SIZES = (600, 1200, 2400)  # pixels of each side
LONG = "Some *words* of an [evening](https://example.org), with `code`.\n\n" * 600
_LINK = re.compile(r'(?:href|src)="(/[^"#]*)')
_PICTURE = re.compile(r'src="(/media/[^"]+)"')


def read(visitor: Visitor) -> None:
    """Follow links at random, over all pages, pictures, feeds and lists."""
    if randrange(2):
        visitor.http.cookies.set("passes", "by the page cache")
    links: list[str] = []
    for _ in range(STEPS):
        path = choice([*links, *FEEDS_AND_LISTS, "/"])
        response = visitor.send("GET", path, 200, 301, 302, 404)  # a post may just be deleted
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        links = [unescape(link) for link in _LINK.findall(response.text)] if is_page else []


def write(visitor: Visitor) -> None:
    """Publish, edit, delete and restore posts, and save drafts."""
    visitor.sign_up()
    while True:
        post = _publish(visitor)
        text = _text()
        visitor.submit(f"{post}/update", {"title": "Edited", "content": text})
        visitor.traffic.expect(post, text=text)
        _autosave(visitor)
        visitor.submit(f"{post}/delete", {})
        visitor.traffic.expect(post, 404)
        if randrange(2):
            visitor.submit(f"{post}/restore", {}, form="/account/deleted")
            visitor.traffic.expect(post, text=text)


def log_in_and_out(visitor: Visitor) -> None:
    """No cookie of an ended session opens the account again."""
    visitor.sign_up()
    while True:
        ended = visitor.cookie
        visitor.submit("/logout", {})
        visitor.traffic.expect("/account", 302, reader=ended, cookie=ended)
        visitor.log_in()
        visitor.read("/account/sessions")


def upload(visitor: Visitor) -> None:
    visitor.sign_up()
    account = {"username": visitor.name, "email": f"{visitor.name}@example.org"}
    while True:
        files = {"picture": ("me.jpg", _picture(choice(UPLOAD_SIZES)))}
        visitor.forget("/account")
        visitor.submit("/account", account, files=files)
        picture = next(iter(_PICTURE.findall(visitor.read("/account"))), "/media/missing")
        visitor.expect("/account", picture)
        visitor.send("GET", picture, 200)


def preview(visitor: Visitor) -> None:
    visitor.sign_up()
    while True:
        fields = {"title": "Seen first", "content": LONG, "action": "preview"}
        visitor.submit("/post/new", fields, status=200)


def use_api(visitor: Visitor) -> None:
    """Read lists to their end, and write with a token that ends with each round."""
    visitor.sign_up()
    while True:
        _log_in_to_api(visitor)
        _read_posts(visitor)
        for _ in range(5):
            text = _text()
            post = visitor.send("POST", "/api/posts", 201, json={"title": "New", "content": text})
            path = post.headers["Location"]
            visitor.traffic.expect(path, text=text)
            text = _text()
            visitor.send("PATCH", path, 200, json={"content": text})
            visitor.traffic.expect(path, text=text)
        visitor.send("DELETE", path, 204)
        visitor.traffic.expect(path, 404)
        visitor.send("POST", "/api/logout", 204)
        visitor.send("POST", "/api/posts", 401, json={"title": "Too late", "content": text})


def _publish(visitor: Visitor) -> str:
    """Return the path of the new post."""
    text = _text()
    fields = {"title": "A post of the soak test", "content": text, "action": "publish"}
    post = visitor.submit("/post/new", fields).headers["Location"]
    visitor.traffic.expect(post, text=text)
    return post


def _autosave(visitor: Visitor) -> None:
    title = f"Draft {secrets.token_hex(8)}"
    fields = {"title": title, "content": _text(), "key": f"a-draft-of-{visitor.name}"}
    visitor.submit("/drafts/autosave", fields, form="/post/new", status=200)
    visitor.expect("/drafts", title)


def _log_in_to_api(visitor: Visitor) -> None:
    visitor.http.headers.pop("Authorization", None)
    fields = {"email": visitor.name, "password": PASSWORD}
    token = visitor.send("POST", "/api/login", 200, json=fields).json()["access_token"]
    visitor.http.headers["Authorization"] = f"Bearer {token}"


def _read_posts(visitor: Visitor) -> None:
    cursor: str | None = ""
    while cursor is not None:
        query = {"per_page": 50} | ({"cursor": cursor} if cursor else {})
        cursor = visitor.send("GET", "/api/posts", 200, params=query).json()["next_cursor"]


def _text() -> str:
    """A text that ends with a unique word."""
    return "Some words of an evening. " * randrange(1, 200) + secrets.token_hex(8)


@lru_cache
def _picture(size: int) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((size, size), 60).save(file, "JPEG")
    return file.getvalue()
