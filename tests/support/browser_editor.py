"""The editor in a browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.factories import PASSWORD

BY_JAVASCRIPT = pytest.mark.parametrize("page", [True], indirect=True)
WITHOUT_JAVASCRIPT = pytest.mark.parametrize("page", [False], indirect=True)


def fits(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def fill(page: Page, title: str, content: str) -> None:
    page.get_by_label("Title").fill(title)
    page.get_by_label("Content").fill(content)


def content_of(page: Page) -> str:
    return page.get_by_label("Content").input_value()


def log_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name=f"Menu of {name}")).to_be_visible()
