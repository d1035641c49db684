"""Lists, line length, times, tab stops, print layout and the button that shows a password."""

import re
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

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


@pytest.mark.parametrize("width", [768, 1280, 1920])
def test_a_line_has_60_to_75_characters(post: Page, width: int) -> None:
    post.set_viewport_size({"width": width, "height": 900})
    assert 60 <= post.evaluate(_CHARACTERS_IN_A_LINE) <= 75
    post.close()


def test_four_posts_are_visible_in_a_window_of_1280_by_900(
    browser: Browser, shown_address: str
) -> None:
    page = browser.new_page(base_url=shown_address, viewport={"width": 1280, "height": 900})
    page.goto("/")
    box = page.get_by_role("article").nth(3).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900
    page.close()


@pytest.mark.parametrize("address", ["/", "/post/new"])
@pytest.mark.parametrize("name", ["", "author"])
def test_the_header_is_one_row_at_320_px(
    browser: Browser, shown_address: str, shown_site: ShownSite, name: str, address: str
) -> None:
    page = browser.new_page(base_url=shown_address, viewport={"width": 320, "height": 800})
    if name:
        cookie = shown_site.member(name).get_cookie("session")
        assert cookie is not None
        page.context.add_cookies([{"name": "session", "value": cookie.value, "url": shown_address}])
    page.goto(address)
    boxes = [link.bounding_box() for link in page.get_by_role("banner").get_by_role("link").all()]
    middles = [box["y"] + box["height"] / 2 for box in boxes if box]
    assert len(middles) == 3
    assert max(middles) - min(middles) < 2
    page.close()


def test_times_are_shown_in_the_zone_of_the_reader(
    browser: Browser, shown_address: str, shown_site: ShownSite
) -> None:
    written_at = shown_site.times["rich"]
    page = browser.new_page(base_url=shown_address, timezone_id="Asia/Kolkata")
    page.goto(f"/post/{shown_site.posts['rich']}")
    time = page.locator("article time").first
    local = written_at.astimezone(ZoneInfo("Asia/Kolkata"))
    expect(time).to_have_text(f"{local.day} {local:%B %Y}")
    expect(time).to_have_attribute("title", f"{local.day} {local:%B %Y, %H:%M}")
    page.goto("/")
    expect(page.locator("article time").first).to_contain_text("ago")
    page.close()


@pytest.mark.parametrize("has_javascript", [True, False])
def test_only_what_scrolls_is_a_tab_stop_where_scripts_can_tell(
    browser: Browser, shown_address: str, shown_site: ShownSite, has_javascript: bool
) -> None:
    page = browser.new_page(base_url=shown_address, java_script_enabled=has_javascript)
    page.goto(f"/post/{shown_site.posts['rich']}", wait_until="networkidle")
    stops = page.locator(".prose [tabindex='0']")
    expect(stops).to_have_count(0 if has_javascript else 2)  # a table and code
    page.set_viewport_size({"width": 320, "height": 800})
    expect(stops).to_have_count(1 if has_javascript else 2)  # the code
    page.close()


def test_times_are_absolute_in_print(browser: Browser, shown_address: str) -> None:
    page = browser.new_page(base_url=shown_address)
    page.goto("/")
    page.emulate_media(media="print")
    printed = (
        "(time) => [getComputedStyle(time).fontSize, getComputedStyle(time, '::after').content]"
    )
    size, content = page.locator("article time").first.evaluate(printed)
    assert size == "0px"
    assert re.match(r'"\d+ \w+ \d{4}, \d\d:\d\d', content)
    page.close()


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
