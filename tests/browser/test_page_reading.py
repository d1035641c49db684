"""Line length, print layout and the button that shows a password."""

import subprocess

import pytest
from playwright.sync_api import Browser, Page

from tests.support.shown_site import ShownSite

_CHARACTERS_IN_A_LINE = """() => {
  const paragraph = document.querySelector(".prose p");
  const range = document.createRange();
  range.selectNodeContents(paragraph);
  const tops = [...range.getClientRects()].map((line) => Math.round(line.top));
  return paragraph.textContent.length / new Set(tops).size;
}"""


@pytest.fixture
def post(browser: Browser, shown_address: str, shown_site: ShownSite) -> Page:
    page = browser.new_page(base_url=shown_address)
    page.goto(f"/post/{shown_site.posts['long paragraph']}")
    return page


def _has_font(name: str) -> bool:
    try:
        found = subprocess.run(["fc-match", name], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return False
    return name in found.stdout


@pytest.mark.skipif(not _has_font("Liberation Serif"), reason="needs a font of the style sheet")
@pytest.mark.parametrize("width", [768, 1280, 1920])
def test_a_line_has_60_to_75_characters(post: Page, width: int) -> None:
    post.set_viewport_size({"width": width, "height": 900})
    assert 60 <= post.evaluate(_CHARACTERS_IN_A_LINE) <= 75
    post.close()


def test_print_shows_the_post_and_nothing_else(post: Page) -> None:
    post.emulate_media(media="print")
    assert post.locator(".prose").is_visible()
    assert post.get_by_role("heading", level=1).is_visible()
    for hidden in ("nav", "footer", ".skip-link"):
        assert not post.locator(hidden).first.is_visible()
    post.close()


def test_a_password_can_be_shown_and_hidden(browser: Browser, shown_address: str) -> None:
    page = browser.new_page(base_url=shown_address)
    page.goto("/login")
    field = page.get_by_label("Password", exact=True)
    field.fill("four words for a test")
    page.get_by_role("button", name="Show Password").click()
    assert field.get_attribute("type") == "text"
    page.get_by_role("button", name="Hide Password").click()
    assert field.get_attribute("type") == "password"
    page.close()
