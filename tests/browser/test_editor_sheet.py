"""The look of the editor: a sheet of paper with a bar of buttons."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.support.browser_editor import BY_JAVASCRIPT, fill, fits

LONG_TITLE = "What the rain gauge and four winters of pencilled notes say of our cabbages"
BAR = "[data-above-keyboard]"
_STYLE = """element => {
  const style = getComputedStyle(element);
  return Object.fromEntries(%s.map((name) => [name, style[name]]));
}"""


def test_labels_and_heading_are_there_for_screen_readers_alone(editor: Page) -> None:
    heading = editor.get_by_role("heading", level=1)
    expect(heading).to_have_text("Write a post")
    for hidden in (heading, editor.locator("label").nth(0), editor.locator("label").nth(1)):
        assert _box(hidden)["width"] <= 1
    snapshot = editor.locator("main").aria_snapshot()
    for part in ('textbox "Title"', 'textbox "Content"'):
        assert snapshot.count(part) == 1
    for button in ("Publish", "Preview", "Save draft"):
        assert snapshot.count(f'button "{button}"') == 1, snapshot


def test_the_title_is_large_without_a_border_and_wraps(editor: Page) -> None:
    title = editor.get_by_label("Title")
    style = _style(title, "fontSize", "fontFamily", "borderTopWidth", "borderBottomWidth")
    assert style["fontSize"] == "38px"
    assert "serif" in style["fontFamily"]
    assert (style["borderTopWidth"], style["borderBottomWidth"]) == ("0px", "0px")
    line = _box(title)["height"]
    title.fill(LONG_TITLE)
    assert _box(title)["height"] >= 2 * line
    assert _shows_all(title)


def test_the_content_looks_as_it_will_be_read_and_grows(editor: Page) -> None:
    content = editor.get_by_label("Content")
    style = _style(content, "fontSize", "lineHeight", "borderTopWidth", "borderBottomWidth")
    assert set(style.values()) == {"20px", "33px", "0px"}
    assert _box(content)["height"] >= 0.6 * editor.evaluate("innerHeight")
    content.fill("A line.\n" * 60)
    assert _box(content)["height"] >= 60 * 33
    assert _shows_all(content)


@BY_JAVASCRIPT
def test_the_content_grows_in_browsers_that_cannot_size_fields(editor: Page) -> None:
    def without_field_sizing(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.text().replace("field-sizing", "x"))

    editor.route("**/style.css*", without_field_sizing)
    editor.add_init_script("CSS.supports = () => false;")
    editor.reload()
    fill(editor, LONG_TITLE, "A line.\n" * 60)
    assert _shows_all(editor.get_by_label("Title"))
    assert _shows_all(editor.get_by_label("Content"))


def test_a_line_at_the_start_marks_the_focused_part(editor: Page) -> None:
    title, content = editor.get_by_label("Title"), editor.get_by_label("Content")
    accent = _style(editor.locator("button[value=publish]"), "backgroundColor")["backgroundColor"]
    transparent = "rgba(0, 0, 0, 0)"
    for focused, other in ((title, content), (content, title)):
        focused.focus()
        assert _line(focused, "Left") == ("2px", accent)
        assert _line(focused, "Right") == _line(other, "Left") == ("2px", transparent)
    content.fill("وصلت الكتب")
    assert _line(content, "Right") == ("2px", accent)


def test_the_bar_stays_at_the_bottom_of_the_window(editor: Page) -> None:
    editor.set_viewport_size({"width": 390, "height": 844})
    editor.get_by_label("Content").fill("A line.\n" * 60)
    for position in (0, 500):
        editor.evaluate(f"scrollTo(0, {position})")
        box = _box(editor.locator(BAR))
        assert 60 <= box["height"] <= 62
        assert box["y"] + box["height"] == 844
    bar = editor.locator(BAR)
    assert bar.get_by_role("button", name="Publish").is_visible()
    assert bar.get_by_role("button", name="Preview").is_visible()


def test_the_bar_shows_the_words_and_when_the_draft_was_saved(editor: Page) -> None:
    fill(editor, "Counted", "one two three")
    editor.get_by_role("button", name="Save draft").click()
    bar = editor.locator(BAR)
    expect(bar).to_contain_text("3 words · 1 min")
    expect(bar).to_contain_text("Draft saved")


@BY_JAVASCRIPT
def test_words_are_counted_while_typing(editor: Page) -> None:
    words = editor.locator("[data-word-count]")
    expect(words).to_be_empty()
    editor.get_by_label("Content").press_sequentially("one — two 東京")
    expect(words).to_have_text("4 words · 1 min")


@BY_JAVASCRIPT
def test_the_bar_is_above_the_keyboard_of_a_phone(editor: Page) -> None:
    viewport = editor.locator("meta[name=viewport]")
    expect(viewport).to_have_attribute(
        "content", r"width=device-width, initial-scale=1, interactive-widget=resizes-content"
    )
    # Other browsers cover the page with the keyboard, and report how much of it is visible.
    editor.evaluate("""() => {
      Object.defineProperty(visualViewport, "height", { value: innerHeight - 300 });
      visualViewport.dispatchEvent(new Event("resize"));
    }""")
    bar = _box(editor.locator(BAR))
    assert bar["y"] + bar["height"] == editor.evaluate("innerHeight") - 300


def test_the_line_that_is_written_is_never_behind_the_bar(editor: Page) -> None:
    editor.set_viewport_size({"width": 390, "height": 500})
    content = editor.get_by_label("Content")
    content.fill("A line.\n" * 40)
    content.press("End")
    content.press_sequentially("\nThe last line.")
    bottom = _box(content)["y"] + _box(content)["height"]
    assert bottom <= _box(editor.locator(BAR))["y"]


def test_a_low_window_scrolls_the_bar_with_the_page(editor: Page) -> None:
    """As a window of 1280 by 720 at a zoom of 400 %."""
    editor.set_viewport_size({"width": 320, "height": 180})
    editor.get_by_label("Content").fill("A line.\n" * 40)
    assert _style(editor.locator(BAR), "position") == {"position": "static"}
    editor.evaluate("scrollTo(0, 0)")
    assert _box(editor.locator(BAR))["y"] > 180
    assert fits(editor)


def test_the_focus_is_visible_with_forced_colours(
    browser: Browser, live_site: str, cookies: list[Any]
) -> None:
    context = browser.new_context(base_url=live_site, forced_colors="active")
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/post/new")
    content = page.get_by_label("Content")
    content.focus()
    assert _style(content, "outlineStyle", "outlineWidth") == {
        "outlineStyle": "solid",
        "outlineWidth": "2px",
    }
    context.close()


@pytest.mark.parametrize("width", [320, 390])
def test_a_narrow_screen_holds_the_whole_bar(editor: Page, width: int) -> None:
    editor.set_viewport_size({"width": width, "height": 640})
    fill(editor, LONG_TITLE, "Some words.")
    assert fits(editor)
    for button in editor.locator(BAR).get_by_role("button").all():
        box = _box(button)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


def _box(locator: Any) -> dict[str, float]:
    box: dict[str, float] | None = locator.bounding_box()
    assert box is not None
    return box


def _style(locator: Any, *names: str) -> dict[str, str]:
    style: dict[str, str] = locator.evaluate(_STYLE % list(names))
    return style


def _line(locator: Any, side: str) -> tuple[str, str]:
    width, color = f"border{side}Width", f"border{side}Color"
    style = _style(locator, width, color)
    return style[width], style[color]


def _shows_all(locator: Any) -> bool:
    shown: bool = locator.evaluate(
        "area => area.scrollHeight <= area.clientHeight + 1"
        " && area.scrollWidth <= area.clientWidth + 1"
    )
    return shown
