"""The main journey with the keyboard alone; the focus is always visible."""

import secrets

import pytest
from playwright.sync_api import Page, expect

PASSWORD = "four words for a test"
STEPS = 60
_FOCUS = """() => {
  const element = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return {
    name: (element.labels?.[0] ?? element).textContent.trim().replace(/\\s+/g, " "),
    ring: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
    visible: bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
  };
}"""


@pytest.mark.parametrize("width", [320, 1280])
def test_sign_up_publish_and_delete_with_the_keyboard_alone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 600})
    name = f"keys.{secrets.token_hex(4)}"
    page.goto("/")
    _press(page, "Sign up")
    _type(page, {"Username": name, "E-mail address": f"{name}@example.org"})
    _type(page, {"Password": PASSWORD, "Confirm password": PASSWORD})
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=name)).to_be_visible()

    _press(page, "Write")
    _type(page, {"Title": "By keys alone", "Content": "It works."})
    _press(page, "Publish")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keys alone")
    _press(page, "Delete")
    _press(page, "Delete post")
    expect(page.get_by_role("status")).to_contain_text("deleted")
    _press(page, f"Menu of {name}")
    _press(page, "Log out")
    expect(page.get_by_role("link", name="Log in")).to_be_visible()


def _press(page: Page, name: str) -> None:
    _tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _type(page: Page, values: dict[str, str]) -> None:
    for label, value in values.items():
        _tab_to(page, label)
        page.keyboard.type(value)


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until the element has the focus; check that each stop is visible."""
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        if page.evaluate("document.activeElement === document.body"):
            continue  # between the last and the first element
        assert focus["ring"], focus
        assert focus["visible"], focus
        if focus["name"] == name:
            return
    raise AssertionError(f"the Tab key never reaches {name!r}")
