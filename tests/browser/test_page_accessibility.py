"""Every page in every state, at every width, in light and dark."""

from collections import defaultdict
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.page_checks import (
    WIDTHS,
    axe_violations,
    colour_violations,
    too_wide,
    without_focus_ring,
)
from tests.support.shown_site import Shown

Findings = dict[str, list[str]]  # by kind
# Resize observers have run then, such as the one that makes what scrolls a stop of the Tab key.
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def findings(
    browser: Browser, axe: str, shown_address: str, states: dict[str, Shown]
) -> dict[str, Findings]:
    """Return by kind, then by state, what is wrong with each page once it is loaded."""
    found: dict[str, Findings] = defaultdict(dict)
    for name, shown in states.items():
        # During a transition axe would judge intermediate colours.
        context = browser.new_context(base_url=shown_address, reduced_motion="reduce")
        if shown.session:
            context.add_cookies([{"name": "session", "value": shown.session, "url": shown_address}])
        page = context.new_page()
        for kind, messages in _check(page, shown, axe).items():
            if messages:
                found[kind][name] = messages
        context.close()
    return found


def test_axe_finds_no_violation(findings: dict[str, Findings]) -> None:
    assert findings["axe"] == {}


def test_no_page_scrolls_horizontally(findings: dict[str, Findings]) -> None:
    """320 px is also the width of 1280 px at a zoom of 400 %."""
    assert findings["too wide"] == {}


def test_the_focus_is_always_visible(findings: dict[str, Findings]) -> None:
    assert findings["no focus ring"] == {}


def test_the_console_is_empty(findings: dict[str, Findings]) -> None:
    assert findings["console"] == {}


def test_no_request_goes_to_another_host(findings: dict[str, Findings]) -> None:
    assert findings["foreign"] == {}


def test_a_page_has_one_style_sheet_and_the_fonts_that_it_shows(
    findings: dict[str, Findings],
) -> None:
    assert findings["sheets"] == {}


def _check(page: Page, shown: Shown, axe: str) -> Findings:
    """Check one page at every width and in both schemes."""
    found: Findings = defaultdict(list)
    sheets: list[str] = []

    def note(url: str, kind: str) -> None:
        if urlsplit(url).hostname not in {"127.0.0.1", None}:
            found["foreign"].append(url)
        if kind == "stylesheet" or (kind == "font" and "-ext" in url):
            sheets.append(url)

    page.on("console", lambda message: found["console"].append(message.text))
    page.on("pageerror", lambda error: found["console"].append(str(error)))
    page.on("request", lambda request: note(request.url, request.resource_type))

    shown.open(page)
    page.evaluate(axe)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(TWO_FRAMES)
        found["too wide"] += [f"{width}: {element}" for element in too_wide(page)]
        page.emulate_media(color_scheme="light")
        found["axe"] += [f"{width}, light: {fault}" for fault in axe_violations(page)]
        page.emulate_media(color_scheme="dark")
        found["axe"] += [f"{width}, dark: {fault}" for fault in colour_violations(page)]
    found["no focus ring"] = without_focus_ring(page)
    if len(sheets) != 1:
        found["sheets"] = sheets
    return found
