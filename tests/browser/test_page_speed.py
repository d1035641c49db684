"""The size and stability of pages, and the Lighthouse scores of the most visited ones."""

import json
import os
import subprocess
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.support.processes import TIMEOUT
from tests.support.shown_site import ShownSite

# Of HTML, style sheet and fonts, transferred with their headers.
MAX_FIRST_VISIT = 150 * 1024
MAX_FURTHER_PAGE = 8 * 1024
_MEASURE_SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) window.shifts += value;
  }).observe({ type: "layout-shift", buffered: true });
"""
ATTEMPTS = 3
PERFECT = {"accessibility": 1, "best-practices": 1, "seo": 1}


def test_a_first_visit_and_further_pages_stay_below_their_size_limits(
    browser: Browser, shown_address: str, shown_site: ShownSite
) -> None:
    page = browser.new_page(base_url=shown_address)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    kinds: dict[str, str] = {}
    sizes: list[float] = []

    def add(event: dict[str, Any]) -> None:
        if kinds.get(event["requestId"]) in {"Document", "Stylesheet", "Font"}:
            sizes.append(event["encodedDataLength"])

    devtools.on("Network.responseReceived", lambda it: kinds.update({it["requestId"]: it["type"]}))
    devtools.on("Network.loadingFinished", add)
    page.goto(f"/post/{shown_site.posts['rich']}", wait_until="networkidle")
    assert {"Document", "Stylesheet", "Font"} <= set(kinds.values())
    assert len(sizes) >= 5, "upright, italic and interface fonts"
    assert sum(sizes) <= MAX_FIRST_VISIT
    for address in ("/", f"/post/{shown_site.posts['long title']}", "/user/author", "/about"):
        sizes.clear()
        page.goto(address, wait_until="networkidle")
        assert 0 < sum(sizes) <= MAX_FURTHER_PAGE, address
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_a_page_loads_slowly(
    browser: Browser, shown_address: str, shown_site: ShownSite, width: int
) -> None:
    """Each page is a first visit, and its fonts arrive after the text."""

    def delay(route: Route) -> None:
        sleep(0.3)
        route.continue_()

    for address in ("/", f"/post/{shown_site.posts['rich']}", "/login"):
        page = browser.new_page(base_url=shown_address, viewport={"width": width, "height": 800})
        page.add_init_script(_MEASURE_SHIFTS)
        page.route("**/fonts/*", delay)
        page.goto(address, wait_until="networkidle")
        assert page.evaluate("shifts") == 0, address
        page.close()


@pytest.mark.parametrize("address", ["/", "/post/{}", "/login", "/post/new"])
def test_lighthouse_scores_are_perfect(
    node_modules: Path, shown_address: str, shown_site: ShownSite, tmp_path: Path, address: str
) -> None:
    """Simulate a slow phone, Lighthouse's default; retry because the machine may be busy."""
    session = shown_site.member().get_cookie("session")
    assert session is not None
    headers = {"Cookie": f"session={session.value}"} if address == "/post/new" else {}
    url = f"{shown_address}{address.format(shown_site.posts['rich'])}"
    for _ in range(ATTEMPTS):
        scores = _lighthouse(node_modules, url, headers, tmp_path / "report.json")
        assert {kind: scores[kind] for kind in PERFECT} == PERFECT
        if scores["performance"] >= 0.98:
            return
    raise AssertionError(f"performance of {address}: {scores['performance']}")


def _lighthouse(
    node_modules: Path, url: str, headers: dict[str, str], report: Path
) -> dict[str, float]:
    subprocess.run(
        [
            node_modules / ".bin" / "lighthouse",
            url,
            f"--chrome-flags={' '.join(CHROMIUM_ARGUMENTS)}",
            f"--extra-headers={json.dumps(headers)}",
            "--only-categories=performance,accessibility,best-practices,seo",
            "--output=json",
            f"--output-path={report}",
            "--quiet",
        ],
        env=os.environ | {"CHROME_PATH": str(CHROMIUM)},
        check=True,
        timeout=4 * TIMEOUT,
    )
    categories = json.loads(report.read_text())["categories"]
    return {kind: category["score"] for kind, category in categories.items()}
