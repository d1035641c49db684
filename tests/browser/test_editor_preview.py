"""The preview of the editor, with and without leaving the page."""

import re
import secrets

from playwright.sync_api import Page, expect

from tests.support.browser_editor import BY_JAVASCRIPT, WITHOUT_JAVASCRIPT, fill

PARAGRAPHS = ("It weaves *patterns*.\n\n" * 30).strip()
_CARET = "area => [area.selectionStart, area.selectionEnd, area === document.activeElement]"


def test_the_preview_shows_title_byline_and_text_below_the_form(editor: Page, author: str) -> None:
    title = f"On engines {secrets.token_hex(4)}"
    fill(editor, title, PARAGRAPHS)
    editor.get_by_role("button", name="Preview").click()
    post = editor.get_by_role("region", name="Preview").get_by_role("article")
    expect(post.get_by_role("heading", name=title)).to_be_visible()
    expect(post.get_by_role("link", name=author)).to_be_visible()
    expect(post.locator("em").first).to_have_text("patterns")
    assert _top(editor, "article") > _top(editor, "textarea[name=content]")
    expect(editor.get_by_label("Content")).to_have_value(PARAGRAPHS)


@WITHOUT_JAVASCRIPT
def test_the_response_scrolls_to_the_preview(editor: Page) -> None:
    fill(editor, "A long text", PARAGRAPHS)
    editor.get_by_role("button", name="Preview").click()
    heading = editor.get_by_role("heading", name="Preview")
    expect(heading).to_be_in_viewport()
    assert editor.evaluate("scrollY") > 1000
    editor.get_by_role("button", name="Publish").click()
    expect(editor).to_have_url(re.compile(r"/post/\d+[^#]*$"))


@BY_JAVASCRIPT
def test_the_preview_is_updated_in_place_and_keeps_caret_and_scroll(editor: Page) -> None:
    fill(editor, "A long text", PARAGRAPHS)
    content = editor.get_by_label("Content")
    editor.evaluate("window.stayed = true")
    for words in ("first", "second"):
        content.evaluate("area => area.setSelectionRange(3, 3)")
        editor.keyboard.type(f"{words} ")
        editor.evaluate("scrollTo({ top: 200, behavior: 'instant' })")
        caret = content.evaluate(_CARET)
        editor.get_by_role("button", name="Preview").click()
        preview = editor.get_by_role("region", name="Preview")
        expect(preview.get_by_text(f"It {words} ")).to_be_visible()
        assert editor.evaluate("scrollY") == 200
        assert content.evaluate(_CARET)[:2] == caret[:2]
        content.focus()
    expect(preview).to_have_count(1)
    assert editor.evaluate("window.stayed")
    editor.get_by_role("link", name="Preview below").click()
    expect(editor.get_by_role("heading", name="Preview")).to_be_in_viewport()


@BY_JAVASCRIPT
def test_a_text_that_cannot_be_previewed_shows_why(editor: Page) -> None:
    editor.get_by_label("Content").fill("A text without a title.")
    editor.get_by_role("button", name="Preview").click()
    expect(editor.get_by_label("Title")).to_have_attribute("aria-invalid", "true")
    expect(editor.get_by_label("Title")).to_be_focused()
    expect(editor.get_by_label("Content")).to_have_value("A text without a title.")


def _top(page: Page, selector: str) -> float:
    box = page.locator(f"main {selector}").first.bounding_box()
    assert box is not None
    return box["y"]
