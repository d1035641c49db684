"""The editor in a browser: what JavaScript adds, and that the form works without it."""

import re
import secrets

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests.support.browser_editor import BY_JAVASCRIPT, fill, fits, log_in
from tests.support.factories import PASSWORD
from tests.support.processes import TIMEOUT

CONTENT = "It weaves *patterns*.\n\nAs a loom weaves leaves."


def test_text_survives_a_log_out_in_another_tab_and_makes_one_post(page: Page, author: str) -> None:
    title = f"On engines {secrets.token_hex(4)}"
    log_in(page, author)
    page.goto("/post/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Content").fill(CONTENT)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.locator(".preview em")).to_have_text("patterns")
    expect(page.get_by_label("Content")).to_have_value(CONTENT)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status").first).to_contain_text("Draft saved. Only you")

    other_tab = page.context.new_page()
    other_tab.goto("/menu")
    other_tab.get_by_role("button", name="Log out").click()
    expect(other_tab.get_by_role("link", name="Log in")).to_be_visible()

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_label("Username or e-mail address").fill(author)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in and continue writing").click()
    expect(page.get_by_label("Title")).to_have_value(title)
    expect(page.get_by_label("Content")).to_have_value(CONTENT)
    assert _count_posts(page, author, title) == 0

    page.go_back()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert _count_posts(page, author, title) == 1
    page.goto("/drafts")
    expect(page.get_by_role("link", name=title)).to_have_count(0)


def test_simultaneous_edits_in_two_tabs_show_both_versions(unchecked_editor: Page) -> None:
    editor = unchecked_editor
    title = f"Both {secrets.token_hex(4)}"
    fill(editor, title, "One two three.")
    editor.get_by_role("button", name="Publish").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text(title)
    address = editor.url
    editor.goto(f"{address}/update")
    other_tab = editor.context.new_page()
    other_tab.goto(f"{address}/update")
    other_tab.get_by_label("Content").fill("One 2 three.")
    other_tab.get_by_role("button", name="Save", exact=True).click()
    expect(other_tab.get_by_role("heading", level=1)).to_have_text(title)

    editor.get_by_label("Content").fill("One two drei.")
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_role("alert")).to_contain_text("is not saved yet")
    expect(editor.locator(".conflict ins").first).to_be_visible()
    expect(editor.get_by_label("Content")).to_have_value("One two drei.")
    editor.get_by_label("Content").fill("One 2 drei.")
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.get_by_text("One 2 drei.", exact=True)).to_be_visible()


@BY_JAVASCRIPT
def test_autosave_saves_the_draft_and_reports_it(editor: Page) -> None:
    title = f"By itself {secrets.token_hex(4)}"
    fill(editor, title, CONTENT)
    expect(editor.locator("[data-autosave-status]")).to_have_text("Draft saved")
    expect(editor.locator("[data-autosave-time]")).to_have_text(re.compile(r"^\d\d:\d\d$"))
    editor.goto("/drafts")  # without a confirmation, since all is saved
    editor.get_by_role("link", name=title).click()
    expect(editor.get_by_label("Content")).to_have_value(CONTENT)


@BY_JAVASCRIPT
def test_ctrl_enter_publishes(editor: Page) -> None:
    title = f"By keys {secrets.token_hex(4)}"
    fill(editor, title, CONTENT)
    editor.get_by_label("Content").press("Control+Enter")
    expect(editor.get_by_role("heading", level=1)).to_have_text(title)


@BY_JAVASCRIPT
def test_leaving_unsaved_changes_asks_for_confirmation(editor: Page) -> None:
    dialogs: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        dialog.dismiss()

    editor.on("dialog", dismiss)
    fill(editor, "Unsaved", CONTENT)
    editor.get_by_label("Content").press("End")
    editor.get_by_role("link", name="Posts", exact=True).click(no_wait_after=True)
    expect(editor.get_by_label("Content")).to_have_value(CONTENT)
    assert dialogs == ["beforeunload"]
    editor.get_by_role("button", name="Save draft").click()
    expect(editor.get_by_role("status").first).to_contain_text("Draft saved. Only you")
    editor.get_by_role("link", name="Posts", exact=True).click()
    expect(editor.get_by_role("heading", level=1)).to_have_text("Newest posts")
    assert dialogs == ["beforeunload"], "neither buttons nor saved text ask"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ({"status": 401, "body": "{}"}, "Not saved: your session has expired."),
        ({"status": 400, "body": '{"detail": "Why."}'}, "Not saved: Why."),
        (
            {"status": 429, "headers": {"Retry-After": "90"}},
            "Not saved: too many requests. Retrying at",
        ),
        ({"status": 503, "body": ""}, "Not saved: server error. Retrying…"),
        (None, "Not saved: the site cannot be reached. Retrying…"),
    ],
    ids=["session expired", "rejected", "too many requests", "server error", "unreachable"],
)
def test_a_failed_autosave_is_reported(
    unchecked_editor: Page, response: dict[str, object] | None, message: str
) -> None:
    def respond(route: Route) -> None:
        if response is None:
            route.abort()
        else:
            route.fulfill(content_type="application/json", **response)  # type: ignore[arg-type]

    unchecked_editor.route("**/drafts/autosave", respond)
    fill(unchecked_editor, "Kept", CONTENT)
    expect(unchecked_editor.locator("[data-autosave-status]")).to_contain_text(
        message, timeout=TIMEOUT * 1000
    )
    expect(unchecked_editor.get_by_label("Content")).to_have_value(CONTENT)


@BY_JAVASCRIPT
def test_a_narrow_screen_scrolls_code_and_tables_and_never_the_page(editor: Page) -> None:
    title = "Unbroken" * 12
    code = f"```python\n{'x' * 300} = 1\n```"
    table = "|" + " wide column |" * 12 + "\n" + "|" + "-|" * 12 + "\n|" + " words |" * 12
    fill(editor, title, f"{'w' * 300}\n\n{code}\n\n    {'y' * 300}\n\n{table}\n\n<{'z' * 200}>")
    editor.set_viewport_size({"width": 320, "height": 640})
    editor.get_by_role("button", name="Preview").click()
    expect(editor.locator(".preview table")).to_be_visible()
    assert fits(editor), "the preview"
    editor.get_by_role("button", name="Publish").click()
    expect(editor.get_by_role("heading", level=1)).to_have_text(title)
    post = editor.url
    for part in ("pre", ".table-scroll"):
        scrolls = editor.locator(f".prose {part}").first.evaluate(
            "part => part.scrollWidth > part.clientWidth"
            " && ['auto', 'scroll'].includes(getComputedStyle(part).overflowX)"
        )
        assert scrolls, part
    assert fits(editor), post
    editor.goto(f"{post}/update")
    editor.get_by_label("Content").fill(f"{'v' * 300}\n\n{code}")
    editor.get_by_role("button", name="Save", exact=True).click()
    for place in ("/", f"{post}/history", f"{post}/delete", f"{post}/update", "/drafts"):
        editor.goto(place)
        assert fits(editor), place
    editor.goto(f"{post}/delete")
    editor.get_by_role("button", name="Delete post").click()
    editor.goto("/account/deleted")
    assert fits(editor), "/account/deleted"


def _count_posts(page: Page, author: str, title: str) -> int:
    page.goto(f"/user/{author}")
    return page.get_by_role("article").get_by_role("heading", name=title).count()
