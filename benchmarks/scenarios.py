"""The requests that are measured, and their goals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from math import ceil
from pathlib import Path

from PIL import Image

from benchmarks.load import Request
from benchmarks.member import Member, read

# Requests with an unknown cookie pass by the page cache.
UNCACHED = {"Cookie": "measured=1"}
CACHED_GOAL, UNCACHED_GOAL, LOGGED_IN_GOAL, WRITE_GOAL = 2.0, 0.12, 0.12, 0.035
POSTS_PER_PAGE = 5
PICTURE = "0" * 32 + ".webp"
TEXT = "A **measured** post.\n\n- with a list\n- and `code`\n\n" + "Some words of an evening. " * 40


@dataclass(frozen=True)
class Scenario:
    name: str
    request: Request
    goal: float | None = None  # as a share of the bare view's rate
    writes: bool = False


def scenarios(site: str, posts: int, member: Member, media: Path) -> list[Scenario]:
    """Return the scenarios whose address exists on the site."""
    home, etag = read(f"{site}/")
    middle = f"/?page={ceil(posts / POSTS_PER_PAGE / 2)}"
    middle_page, _ = read(site + middle)
    pages = _pages(home, middle_page)
    last = _href(home, "last") or f"/?page={ceil(posts / POSTS_PER_PAGE)}"
    deep = {"deep page": _href(middle_page, "next"), "last page": last}
    found = [
        *(Scenario(name, Request(path), CACHED_GOAL) for name, path in pages.items()),
        *_uncached(pages | deep),
        Scenario("page by number, uncached", Request(middle, UNCACHED)),
        *_logged_in(pages, member),
        Scenario("home, unchanged (304)", Request("/", {"If-None-Match": etag}), CACHED_GOAL),
        Scenario("home, compressed", Request("/", {"Accept-Encoding": "gzip, br"}), CACHED_GOAL),
        Scenario("picture", Request(_make_picture(media))),
        Scenario("style sheet", Request(_href(home, "stylesheet"))),
        Scenario("posts in the API", Request("/api/posts")),
        Scenario("create a post", new_post(member), WRITE_GOAL, writes=True),
    ]
    return [scenario for scenario in found if scenario.writes or _exists(site, scenario.request)]


def new_post(member: Member, pause: int = 0) -> Request:
    fields = {"title": "Measured COUNT", "content": TEXT, "key": "COUNT", "action": "publish"}
    body = member.form("/post/new", fields)
    return Request("/post/new", {"Cookie": member.cookie}, body, pause)


def _pages(home: str, middle_page: str) -> dict[str, str]:
    return {
        "home": "/",
        "page 2": _href(home, "next"),
        "post": _first(r'<h2[^>]*><a href="(/post/\d+)"', middle_page),
        "user page": _href(middle_page, "author"),
        "feed": _href(home, "alternate"),
    }


def _uncached(pages: dict[str, str]) -> Iterator[Scenario]:
    for name, path in pages.items():
        yield Scenario(f"{name}, uncached", Request(path, UNCACHED), UNCACHED_GOAL)


def _logged_in(pages: dict[str, str], member: Member) -> Iterator[Scenario]:
    for name in ("home", "post"):
        request = Request(pages[name], {"Cookie": member.cookie})
        yield Scenario(f"{name}, logged in", request, LOGGED_IN_GOAL)


def _exists(site: str, request: Request) -> bool:
    return bool(request.path) and bool(read(site + request.path)[0])


def _href(page: str, rel: str) -> str:
    """Return the address of the first link with that relation, or an empty text."""
    return _first(r'href="([^"]+)"', _first(rf'(<(?:a|link)\b[^>]*\brel="{rel}"[^>]*>)', page))


def _first(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    return unescape(found[1]) if found else ""


def _make_picture(media: Path) -> str:
    media.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((125, 125), 60).convert("RGB").save(media / PICTURE, "WEBP")
    return f"/media/{PICTURE}"
