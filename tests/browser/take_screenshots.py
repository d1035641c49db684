"""`make screenshots`: the most telling pages in docs/screenshots, or all of them elsewhere."""

import os
from collections import Counter
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route

from tests.support.shown_site import Shown

Scheme = Literal["light", "dark"]
SIZES = {"phone": (390, 844), "wide": (1280, 860)}
SCHEMES: list[Scheme] = ["light", "dark"]
WIDTHS = [320, 390, 768, 1280, 1920]
COLOURS = 64
BYTES = 600_000
# Name, state of a page, size and scheme.
TELLING: list[tuple[str, str, str, Scheme]] = [
    ("home", "visitor: main.home", "wide", "light"),
    ("home", "author: main.home", "phone", "dark"),
    ("post", "visitor: posts.show", "wide", "light"),
    ("post", "author: posts.show", "phone", "dark"),
    ("post-right-to-left", "visitor: a post, rtl", "phone", "light"),
    ("editor", "author: posts.update", "wide", "dark"),
    ("conflict", "author: conflict", "wide", "light"),
    ("history", "visitor: posts.history", "wide", "light"),
    ("profile", "visitor: users.profile", "phone", "light"),
    ("menu", "author: main.menu", "phone", "dark"),
    ("account", "author: users.account", "wide", "dark"),
    ("sign-up-refused", "visitor: sign-up refused", "phone", "light"),
]


def test_take_the_screenshots_of_the_documentation(
    browser: Browser, shown_address: str, states: dict[str, Shown], project: Path
) -> None:
    folder = project / "docs" / "screenshots"
    for old in folder.glob("*.png"):
        old.unlink()
    for name, state, size, scheme in TELLING:
        png = _screenshot(browser, shown_address, states[state], *SIZES[size], scheme)
        _small(png).save(folder / f"{name}-{size}-{scheme}.png")
    assert sum(path.stat().st_size for path in folder.glob("*.png")) < BYTES


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="SCREENSHOTS names no folder")
def test_take_a_screenshot_of_every_state(
    browser: Browser, shown_address: str, states: dict[str, Shown]
) -> None:
    folder = Path(os.environ["SCREENSHOTS"])
    for (name, shown), width, scheme in product(states.items(), WIDTHS, SCHEMES):
        png = _screenshot(browser, shown_address, shown, width, 860, scheme, full_page=True)
        file_name = name.replace(": ", "-").replace(" ", "-")
        (folder / f"{file_name}-{width}-{scheme}.png").write_bytes(png)


def _screenshot(
    browser: Browser,
    address: str,
    shown: Shown,
    width: int,
    height: int,
    scheme: Scheme,
    full_page: bool = False,
) -> bytes:
    page = browser.new_page(
        base_url=address,
        reduced_motion="reduce",
        color_scheme=scheme,
        viewport={"width": width, "height": height},
    )
    shown.open(page)
    page.route("**/style.css*", _wait_for_fonts)
    page.reload(wait_until="networkidle")
    png = page.screenshot(full_page=full_page)
    page.close()
    return png


def _wait_for_fonts(route: Route) -> None:
    """As on a second visit; a routed page has no cache."""
    response = route.fetch()
    body = response.text().replace("font-display: optional", "font-display: block")
    route.fulfill(response=response, body=body)


def _small(png: bytes) -> Image.Image:
    """Reduce to the most frequent colours; averaging rare ones would tint the page."""
    image = Image.open(BytesIO(png)).convert("RGB")
    data = image.tobytes()
    pixels = Counter(data[start : start + 3] for start in range(0, len(data), 3))
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(colour for colour, _ in pixels.most_common(COLOURS)))
    return image.quantize(palette=palette, dither=Image.Dither.NONE)
