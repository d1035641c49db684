"""What is not published: it is visible, and it is not lost."""

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser_editor import BY_JAVASCRIPT, content_of, fill, log_in
from tests.support.http_client import HttpClient

pytestmark = pytest.mark.usefixtures("newcomer")
TEXT = "A text that has not arrived."
_COPIES = "Object.keys(localStorage).length"


def test_the_editor_of_a_post_says_that_there_are_unpublished_changes(page: Page) -> None:
    _save_draft_of_a_post(page)
    post = page.url.partition("?")[0]
    page.goto(post)
    notice = page.locator("main").get_by_text("You have unpublished changes from")
    expect(notice.locator("time")).to_be_visible()
    assert notice.bounding_box()["y"] < page.get_by_label("Title").bounding_box()["y"]  # type: ignore[index]
    assert content_of(page) == "Published."
    page.get_by_role("link", name="continue").click()
    expect(page.get_by_label("Content")).to_have_value("Changed.")

    page.goto(post)
    page.get_by_role("button", name="discard").click()
    expect(page.get_by_role("status").first).to_contain_text("have been discarded")
    assert content_of(page) == "Published."
    page.get_by_role("button", name="undo").click()
    expect(page.get_by_label("Content")).to_have_value("Changed.")


def test_a_new_post_offers_the_waiting_draft(page: Page) -> None:
    page.goto("/post/new")
    expect(page.get_by_text("is not published")).to_have_count(0)
    fill(page, "Waiting", "A text.")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Write", exact=True).click()
    assert content_of(page) == ""
    expect(page.get_by_text("Your draft “Waiting”")).to_be_visible()
    page.get_by_role("link", name="continue").click()
    expect(page.get_by_label("Content")).to_have_value("A text.")


def test_the_menu_counts_the_drafts(page: Page) -> None:
    for number in ("One", "Two"):
        page.goto("/post/new")
        fill(page, number, "A text.")
        page.get_by_role("button", name="Save draft").click()
    page.get_by_role("banner").get_by_role("link", name="Menu of").click()
    page.get_by_role("link", name="Drafts (2)").click()
    expect(page.get_by_role("article")).to_have_count(2)


@BY_JAVASCRIPT
def test_the_first_autosave_makes_the_url_that_of_the_draft(page: Page) -> None:
    page.goto("/post/new")
    fill(page, "By itself", "A text.")
    expect(page).to_have_url(re.compile(r"/post/new\?draft=\d+$"), timeout=15_000)
    page.reload()
    assert content_of(page) == "A text."


@BY_JAVASCRIPT
def test_leaving_through_a_link_right_after_typing_loses_nothing(page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/post/new")
    fill(page, "In a hurry", "Written in less than a second.")
    page.get_by_role("link", name="Posts", exact=True).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Write a post")
    page.goto("/post/new")
    page.get_by_role("link", name="continue").click()
    expect(page.get_by_label("Content")).to_have_value("Written in less than a second.")
    page.wait_for_timeout(300)
    assert page.evaluate(_COPIES) == 0, "the server has the text"


@BY_JAVASCRIPT
def test_a_text_that_the_server_does_not_have_is_offered_on_return(page: Page) -> None:
    _leave_what_does_not_arrive(page)
    page.goto("/post/new")
    page.get_by_role("button", name="restore").click()
    assert content_of(page) == TEXT
    page.keyboard.press("Control+z")
    assert content_of(page) == "", "restoring can be undone"
    page.keyboard.press("Control+Shift+z")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kept")
    page.goto("/post/new")
    page.wait_for_timeout(500)
    expect(page.get_by_role("button", name="restore")).to_have_count(0)
    assert page.evaluate(_COPIES) == 0, "the server has the text"


@BY_JAVASCRIPT
def test_a_discarded_copy_is_not_offered_again(page: Page) -> None:
    _leave_what_does_not_arrive(page)
    page.goto("/post/new")
    page.get_by_role("button", name="discard").click()
    assert page.evaluate(_COPIES) == 0
    assert content_of(page) == ""


@BY_JAVASCRIPT
def test_the_copy_of_another_member_is_not_offered(page: Page, live_site: str) -> None:
    _leave_what_does_not_arrive(page)
    page.context.clear_cookies()  # the session ended without a log-out
    other = f"other.{secrets.token_hex(4)}"
    HttpClient(live_site).sign_up(other)
    log_in(page, other)
    page.goto("/post/new")
    page.wait_for_timeout(500)
    expect(page.get_by_role("button", name="restore")).to_have_count(0)
    assert page.evaluate(_COPIES) == 1


@BY_JAVASCRIPT
def test_logging_out_deletes_the_copies(page: Page) -> None:
    _leave_what_does_not_arrive(page)
    page.goto("/menu")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()
    assert page.evaluate(_COPIES) == 0


@BY_JAVASCRIPT
def test_discarding_changes_does_not_save_them_again(page: Page) -> None:
    _save_draft_of_a_post(page)
    page.get_by_label("Content").fill("Changed again.")
    page.get_by_role("button", name="discard").click()
    expect(page.get_by_role("status").first).to_contain_text("have been discarded")
    page.wait_for_timeout(500)
    page.reload()
    expect(page.get_by_role("status").first).to_contain_text("have been discarded")
    assert page.evaluate(_COPIES) == 0


def test_deleting_a_draft_can_be_undone(page: Page) -> None:
    page.goto("/post/new")
    fill(page, "On looms", "A text.")
    page.get_by_role("button", name="Save draft").click()
    page.goto("/drafts")
    page.get_by_role("button", name="Delete draft “On looms”").click()
    expect(page.get_by_role("status")).to_contain_text("“On looms” has been deleted")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="On looms")).to_be_visible()

    page.get_by_role("button", name="Delete draft “On looms”").click()
    page.goto("/drafts")  # as after the page was closed
    expect(page.get_by_role("article")).to_have_count(0)
    page.get_by_text("Deleted drafts").click()
    page.get_by_role("button", name="Restore draft “On looms”").click()
    page.get_by_role("link", name="On looms").click()
    expect(page.get_by_label("Content")).to_have_value("A text.")


def _save_draft_of_a_post(page: Page) -> None:
    page.goto("/post/new")
    fill(page, f"A post {secrets.token_hex(4)}", "Published.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published.", exact=True)).to_be_visible()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Content").fill("Changed.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("These are unpublished changes")).to_be_visible()


def _leave_what_does_not_arrive(page: Page) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/post/new")
    page.evaluate("void (window.fetch = () => new Promise(() => {}))")  # no request arrives
    fill(page, "Kept", TEXT)
    page.goto("/about")
    assert page.evaluate(_COPIES) == 1
