"""The main journey in a browser: sign up, publish, log out; another member reads."""

import re
import secrets

from playwright.sync_api import Page, expect

PASSWORD = "four words for a test"


def test_an_author_publishes_and_another_member_reads(page: Page) -> None:
    author, reader = _new_name(), _new_name()
    page.goto("/")
    _sign_up(page, author)
    page.get_by_role("link", name="Write", exact=True).click()
    page.get_by_label("Title").fill("On <em>engines</em>")
    page.get_by_label("Content").fill("It weaves patterns.\n\nAs a loom weaves leaves.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_be_visible()
    address = page.url
    page.get_by_role("link", name=f"Menu of {author}").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible()

    _sign_up(page, reader)
    page.get_by_role("link", name="Posts", exact=True).click()
    page.get_by_role("link", name="On <em>engines</em>").first.click()
    assert page.url == address
    expect(page.get_by_role("heading", level=1)).to_have_text("On <em>engines</em>")
    expect(page.get_by_text("As a loom weaves leaves.", exact=True)).to_be_visible()
    expect(page.get_by_role("article").get_by_role("link", name=author)).to_be_visible()


def test_a_rejected_sign_up_shows_the_error_and_focuses_the_field(page: Page) -> None:
    page.goto("/register")
    page.get_by_label("Username", exact=True).fill("x")
    page.get_by_label("E-mail address").fill("reader@example.org")
    page.get_by_role("button", name="Sign up").click()
    name = page.get_by_label("Username", exact=True)
    expect(name).to_be_focused()
    expect(name).to_have_value("x")
    expect(name).to_have_accessible_description(re.compile("^Use 2 to 20 letters"))
    expect(page.get_by_label("E-mail address")).to_have_value("reader@example.org")


def _sign_up(page: Page, name: str) -> None:
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("Username", exact=True).fill(name)
    page.get_by_label("E-mail address").fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("link", name=f"Menu of {name}")).to_be_visible()


def _new_name() -> str:
    return f"person.{secrets.token_hex(4)}"
