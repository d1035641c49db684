"""The size of a first visit, and the Lighthouse scores of the most visited pages."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.support.processes import TIMEOUT
from tests.support.shown_site import ShownSite

MAX_BYTES = 60_000  # transferred, including headers
ATTEMPTS = 3
PERFECT = {"accessibility": 1, "best-practices": 1, "seo": 1}


def test_a_first_visit_to_a_post_stays_below_the_size_limit(
    browser: Browser, shown_address: str, shown_site: ShownSite
) -> None:
    page = browser.new_page(base_url=shown_address)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"/post/{shown_site.posts['long title']}", wait_until="networkidle")
    page.close()
    assert len(sizes) >= 4
    assert sum(sizes) < MAX_BYTES


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
