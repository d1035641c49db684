"""What is asked of a site, and how near to the limit it is to come."""

import re
from dataclasses import dataclass
from html import unescape
from math import ceil
from pathlib import Path

from PIL import Image

from benchmarks.load import Request
from benchmarks.member import Member, read

# Any cookie that is not ours keeps the page cache out: Flask makes the page for this request.
UNCACHED = {"Cookie": "measured=1"}
POSTS_ON_A_PAGE = 5
PICTURE = "0" * 32 + ".webp"
TEXT = "A **measured** post.\n\n- with a list\n- and `code`\n\n" + "Some words of an evening. " * 40


@dataclass(frozen=True)
class Scenario:
    name: str
    request: Request
    goal: float | None = None  # of the limit's rate
    writes: bool = False


def scenarios(site: str, posts: int, member: Member, media: Path) -> list[Scenario]:
    """All that this site has an address for."""
    home, tag = read(f"{site}/")
    middle = ceil(posts / POSTS_ON_A_PAGE / 2)
    deep_page, _ = read(f"{site}/?page={middle}")
    post = _first(r'<h2[^>]*><a href="(/post/\d+)"', deep_page)
    person = _first(r'href="(/user/[^"/]+)" rel="author"', deep_page)
    public = {
        "home": "/",
        "page 2": _first(r'rel="next" href="([^"]+)"', home),
        "a post": post,
        "a person's page": person,
        "the feed": _first(r'type="application/atom\+xml"[^>]*href="([^"]+)"', home),
    }
    further = {
        "a deep page": _first(r'rel="next" href="([^"]+)"', deep_page),
        "the last page": f"/?page={ceil(posts / POSTS_ON_A_PAGE)}",
    }
    session = {"Cookie": member.cookie}
    found = [
        *(Scenario(name, Request(path), 2.0) for name, path in public.items()),
        *(Scenario(f"{name}, made anew", Request(path, UNCACHED), 0.18)
          for name, path in public.items()),
        *(Scenario(f"{name}, made anew", Request(path, UNCACHED), 0.16)
          for name, path in further.items()),
        Scenario("a page typed by hand, made anew", Request(f"/?page={middle}", UNCACHED)),
        Scenario("home, logged in", Request("/", session), 0.12),
        Scenario("a post, logged in", Request(post, session), 0.12),
        Scenario("home, unchanged (304)", Request("/", {"If-None-Match": tag}), 2.0),
        Scenario("home, compressed", Request("/", {"Accept-Encoding": "gzip, br"}), 2.0),
        Scenario("a picture", Request(_picture(media))),
        Scenario("the style sheet", Request(_first(r'rel="stylesheet" href="([^"]+)"', home))),
        Scenario("search in the API", Request("/api/posts?q=garden")),
        Scenario("create a post", writing(member), 0.045, writes=True),
    ]  # fmt: skip
    return [one for one in found if one.request.body or _is_there(site, one.request)]


def writing(member: Member, pause: int = 0) -> Request:
    fields = {"title": "Measured COUNT", "content": TEXT, "key": "COUNT", "action": "publish"}
    body = member.form("/post/new", fields)
    return Request("/post/new", {"Cookie": member.cookie}, body, pause)


def _is_there(site: str, request: Request) -> bool:
    return bool(request.path) and bool(read(site + request.path)[0])


def _first(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    return unescape(found[1]) if found else ""


def _picture(media: Path) -> str:
    media.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((125, 125), 60).convert("RGB").save(media / PICTURE, "WEBP")
    return f"/media/{PICTURE}"
