"""`make screenshots`: a screenshot of every page, in docs/screenshots."""

from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

from tests.support.examples import MEMBERS_PAGES, VISITORS_PAGES
from tests.support.shown_site import Shown

SIZES = {"phone": (390, 844), "wide": (1280, 860)}
SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]
COLOURS = 64
BYTES = 3_000_000
# States of pages, beside each page in its usual state.
STATES = {
    "empty-site": "an empty site",
    "first-sign-up": "the first sign-up",
    "closed": "sign-up closed",
    "error-404": "visitor: nothing there",
    "error-429": "429",
    "error-500": "500",
    "login-refused": "visitor: log-in refused",
    "register-refused": "visitor: sign-up refused",
    "reset-asked": "visitor: reset asked",
    "reset-expired": "visitor: reset expired",
    "odd-posts": "visitor: a long name",
    "post-rtl": "visitor: a post, rtl",
    "post-more-contrast": "visitor: appearance system-more",
    "conflict": "author: conflict",
    "preview": "author: preview",
    "published": "author: saved",
}


def test_take_a_screenshot_of_every_page(
    browser: Browser, shown_address: str, states: dict[str, Shown], project: Path
) -> None:
    folder = project / "docs" / "screenshots"
    for old in folder.glob("*.png"):
        old.unlink()
    named = {endpoint.partition(".")[2]: f"visitor: {endpoint}" for endpoint in VISITORS_PAGES}
    named |= {endpoint.partition(".")[2]: f"author: {endpoint}" for endpoint in MEMBERS_PAGES}
    for name, state in (named | STATES).items():
        page = browser.new_page(base_url=shown_address, reduced_motion="reduce")
        states[state].open(page)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                _small(page.screenshot()).save(folder / f"{name}-{size}-{scheme}.png")
        page.close()
    assert sum(path.stat().st_size for path in folder.glob("*.png")) < BYTES


def _small(png: bytes) -> Image.Image:
    """Reduce to the most frequent colours; averaging rare ones would tint the page."""
    image = Image.open(BytesIO(png)).convert("RGB")
    data = image.tobytes()
    pixels = Counter(data[start : start + 3] for start in range(0, len(data), 3))
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(colour for colour, _ in pixels.most_common(COLOURS)))
    return image.quantize(palette=palette, dither=Image.Dither.NONE)
