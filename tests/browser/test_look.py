"""Every page in every state, at every width, in light and dark: for everybody, and our own."""

from collections import defaultdict
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.checks import (
    WIDTHS,
    axe_violations,
    colour_violations,
    too_wide,
    without_focus_ring,
)
from tests.browser.shown_site import Shown

Told = dict[str, list[str]]  # by kind


@pytest.fixture(scope="module")
def findings(
    browser: Browser, axe: str, shown_address: str, states: dict[str, Shown]
) -> dict[str, Told]:
    """By kind, then by state: what each page shows once it is loaded, with all it refers to."""
    found: dict[str, Told] = defaultdict(dict)
    for name, shown in states.items():
        # Colours that are still on their way to others would be judged half-way.
        context = browser.new_context(base_url=shown_address, reduced_motion="reduce")
        if shown.session:
            context.add_cookies([{"name": "session", "value": shown.session, "url": shown_address}])
        page = context.new_page()
        for kind, told in _look_at(page, shown, axe).items():
            if told:
                found[kind][name] = told
        context.close()
    return found


def test_axe_finds_nothing_in_any_state(findings: dict[str, Told]) -> None:
    assert findings["axe"] == {}


def test_no_page_scrolls_sideways(findings: dict[str, Told]) -> None:
    """320 px are also what is left of 1280 at a zoom of 400 %."""
    assert findings["too wide"] == {}


def test_whatever_takes_the_focus_shows_it(findings: dict[str, Told]) -> None:
    assert findings["no focus ring"] == {}


def test_the_console_stays_empty(findings: dict[str, Told]) -> None:
    assert findings["console"] == {}


def test_nothing_is_asked_of_another_host(findings: dict[str, Told]) -> None:
    assert findings["foreign"] == {}


def test_a_page_has_one_style_sheet_and_no_font(findings: dict[str, Told]) -> None:
    assert findings["sheets"] == {}


def _look_at(page: Page, shown: Shown, axe: str) -> Told:
    """One visit, looked at in every width and scheme."""
    found: Told = defaultdict(list)
    sheets: list[str] = []

    def note(url: str, kind: str) -> None:
        if urlsplit(url).hostname not in {"127.0.0.1", None}:
            found["foreign"].append(url)
        if kind in {"stylesheet", "font"}:
            sheets.append(url)

    page.on("console", lambda message: found["console"].append(message.text))
    page.on("pageerror", lambda error: found["console"].append(str(error)))
    page.on("request", lambda request: note(request.url, request.resource_type))

    shown.open(page)
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        found["too wide"] += [f"{width}: {element}" for element in too_wide(page)]
        page.emulate_media(color_scheme="light")
        found["axe"] += [f"{width}, light: {fault}" for fault in axe_violations(page)]
        page.emulate_media(color_scheme="dark")
        found["axe"] += [f"{width}, dark: {fault}" for fault in colour_violations(page)]
    found["no focus ring"] = without_focus_ring(page)
    if len(sheets) != 1:
        found["sheets"] = sheets
    return found
