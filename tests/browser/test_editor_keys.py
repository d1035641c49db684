"""Keys of the editor: Enter in the title, shortcuts, lists and links."""

import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_editor import BY_JAVASCRIPT, WITHOUT_JAVASCRIPT, content_of, fill

_PASTE = """(area, text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  if (area.dispatchEvent(event)) document.execCommand("insertText", false, text);
}"""
_SELECTED = "area => area.value.slice(area.selectionStart, area.selectionEnd)"


def test_enter_in_the_title_never_publishes(editor: Page) -> None:
    title = editor.get_by_label("Title")
    fill(editor, "Not yet", "A text.")
    title.press("Enter")
    editor.wait_for_timeout(300)
    expect(editor.get_by_role("heading", level=1)).to_have_text("Write a post")
    expect(title).to_have_attribute("enterkeyhint", "next")
    first = editor.locator("#editor [type=submit]").first
    expect(first).to_have_attribute("value", "draft")
    first.evaluate("button => button.click()")
    expect(editor.get_by_role("status").first).to_contain_text("Draft saved. Only you")


@BY_JAVASCRIPT
def test_enter_in_the_title_leads_to_the_content(editor: Page) -> None:
    editor.get_by_label("Title").press_sequentially("A title\nA text")
    expect(editor.get_by_label("Title")).to_have_value("A title")
    expect(editor.get_by_label("Content")).to_have_value("A text")


@WITHOUT_JAVASCRIPT
def test_a_title_of_two_lines_is_published_as_one(editor: Page) -> None:
    name = secrets.token_hex(4)
    editor.get_by_label("Title").press_sequentially(f"A title\n{name}")
    editor.get_by_label("Content").fill("A text")
    editor.get_by_role("button", name="Publish").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text(f"A title {name}")


@BY_JAVASCRIPT
def test_pasted_lines_become_one_title(editor: Page) -> None:
    title = editor.get_by_label("Title")
    title.focus()
    title.evaluate(_PASTE, "One\r\ntwo\n\nthree\n")
    expect(title).to_have_value("One two three")
    title.press("Control+z")
    expect(title).to_have_value("")


@BY_JAVASCRIPT
@pytest.mark.parametrize(
    ("key", "selected", "expected", "then_selected"),
    [
        ("b", "weave", "We **weave** it.", "weave"),
        ("b", " weave ", "We **weave** it.", "weave"),
        ("i", "weave", "We *weave* it.", "weave"),
        ("k", "weave", "We [weave]() it.", ""),
        ("k", "", "[]()We weave it.", ""),
    ],
)
def test_a_shortcut_formats_the_selected_text_and_can_be_undone(
    editor: Page, key: str, selected: str, expected: str, then_selected: str
) -> None:
    _write(editor, "We weave it.", selected)
    content = editor.get_by_label("Content")
    content.press(f"Control+{key}")
    expect(content).to_have_value(expected)
    assert content.evaluate(_SELECTED) == then_selected
    content.press("Control+z")
    expect(content).to_have_value("We weave it.")


@BY_JAVASCRIPT
def test_a_shortcut_pressed_again_removes_its_format(editor: Page) -> None:
    _write(editor, "We weave it.", "weave")
    content = editor.get_by_label("Content")
    for key, expected in (
        ("b", "We **weave** it."),
        ("i", "We ***weave*** it."),
        ("b", "We *weave* it."),
        ("i", "We weave it."),
    ):
        content.press(f"Control+{key}")
        expect(content).to_have_value(expected)


@BY_JAVASCRIPT
def test_the_link_is_typed_where_the_shortcut_leaves_the_caret(editor: Page) -> None:
    for text, expected in (
        ("weave", "[weave](/x)"),
        ("https://a.example", "[/x](https://a.example)"),
    ):
        _write(editor, text, text)
        editor.get_by_label("Content").press("Control+k")
        editor.keyboard.type("/x")
        assert content_of(editor) == expected


@BY_JAVASCRIPT
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("- one\ntwo", "- one\n- two"),
        ("9. one\ntwo", "9. one\n10. two"),
        ("- [x] one\ntwo", "- [x] one\n- [ ] two"),
        ("  * one\ntwo", "  * one\n  * two"),
        ("- one\n\ntwo", "- one\ntwo"),
        ("-one\ntwo", "-one\ntwo"),
    ],
)
def test_enter_continues_a_list_and_an_empty_item_ends_it(
    editor: Page, typed: str, expected: str
) -> None:
    content = editor.get_by_label("Content")
    content.press_sequentially(typed)
    expect(content).to_have_value(expected)


@BY_JAVASCRIPT
def test_the_continued_list_can_be_undone(editor: Page) -> None:
    content = editor.get_by_label("Content")
    content.press_sequentially("- one\n")
    expect(content).to_have_value("- one\n- ")
    content.press("Control+z")
    expect(content).to_have_value("- one")


@BY_JAVASCRIPT
@pytest.mark.parametrize(
    ("selected", "pasted", "expected"),
    [
        ("weave", "https://example.org/a", "We [weave](https://example.org/a) it."),
        ("weave", "https://example.org/a_(b)", "We [weave](<https://example.org/a_(b)>) it."),
        ("weave", "other words", "We other words it."),
        ("", "https://example.org", "https://example.orgWe weave it."),
    ],
)
def test_a_url_pasted_on_selected_text_makes_a_link_and_can_be_undone(
    editor: Page, selected: str, pasted: str, expected: str
) -> None:
    _write(editor, "We weave it.", selected)
    content = editor.get_by_label("Content")
    content.evaluate(_PASTE, pasted)
    expect(content).to_have_value(expected)
    content.press("Control+z")
    expect(content).to_have_value("We weave it.")


@BY_JAVASCRIPT
def test_the_buttons_format_like_the_shortcuts(editor: Page) -> None:
    for name, expected in (
        ("Bold", "**one**"),
        ("Italic", "*one*"),
        ("Link", "[one]()"),
        ("List", "- one"),
    ):
        _write(editor, "one", "one")
        editor.get_by_role("button", name=name).click()
        expect(editor.get_by_label("Content")).to_be_focused()
        assert content_of(editor) == expected
        editor.keyboard.press("Control+z")
        assert content_of(editor) == "one"


@WITHOUT_JAVASCRIPT
def test_buttons_that_need_javascript_are_not_shown_without_it(editor: Page) -> None:
    for name in ("Bold", "Italic", "Link", "List"):
        expect(editor.get_by_role("button", name=name)).to_have_count(0)


def _write(page: Page, text: str, selected: str) -> None:
    """Fill the content and select a part of it."""
    content = page.get_by_label("Content")
    content.fill(text)
    start = text.index(selected)
    content.evaluate(
        "(area, [start, end]) => area.setSelectionRange(start, end)", [start, start + len(selected)]
    )
