"""The desk in a browser: what JavaScript adds, and that nobody needs it."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from tests.factories import PASSWORD
from tests.live import PATIENCE
from tests.visitor import Visitor

BY_JAVASCRIPT = pytest.mark.parametrize("page", [True], indirect=True)
WORDS = "It weaves *patterns*.\n\nAs a loom weaves leaves."


@pytest.fixture(scope="module")
def writer(live_site: str) -> str:
    name = f"writer.{secrets.token_hex(4)}"
    Visitor(live_site).sign_up(name)
    return name


@pytest.fixture(scope="module")
def cookies(browser: Browser, live_site: str, writer: str) -> Iterator[list[dict[str, str]]]:
    """Of a session that no test ends."""
    context = browser.new_context(base_url=live_site)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    _log_in(page, writer)
    yield [
        {"name": c["name"], "value": c["value"], "domain": c["domain"], "path": "/"}
        for c in context.cookies()
    ]
    context.close()


@pytest.fixture
def desk(page: Page, cookies: list[dict[str, str]]) -> Page:
    """An empty desk."""
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dicts are its typed ones
    page.goto("/post/new")
    return page


@pytest.fixture
def noisy_desk(browser: Browser, live_site: str, cookies: list[dict[str, str]]) -> Iterator[Page]:
    """An empty desk whose console may speak: Chromium notes there each answer of 400 and above."""
    context = browser.new_context(base_url=live_site)
    context.set_default_timeout(PATIENCE * 1000)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/post/new")
    yield page
    context.close()


def test_words_survive_a_log_out_in_another_tab_and_make_one_post(page: Page, writer: str) -> None:
    title = f"On engines {secrets.token_hex(4)}"
    _log_in(page, writer)
    page.goto("/post/new")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Content").fill(WORDS)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    expect(page.locator(".preview em")).to_have_text("patterns")
    expect(page.get_by_label("Content")).to_have_value(WORDS)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("status").first).to_contain_text("Your draft is saved")

    other_tab = page.context.new_page()
    other_tab.goto("/")
    other_tab.get_by_role("button", name="Log out").click()
    expect(other_tab.get_by_role("link", name="Log in")).to_be_visible()

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_label("Name or e-mail address").fill(writer)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in and go on writing").click()
    expect(page.get_by_label("Title")).to_have_value(title)
    expect(page.get_by_label("Content")).to_have_value(WORDS)
    assert _posts_called(page, writer, title) == 0

    page.go_back()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    assert _posts_called(page, writer, title) == 1
    page.goto("/drafts")
    expect(page.get_by_role("link", name=title)).to_have_count(0)


def test_two_tabs_that_save_one_post_show_both_versions(noisy_desk: Page) -> None:
    desk = noisy_desk
    title = f"Both {secrets.token_hex(4)}"
    _fill(desk, title, "One two three.")
    desk.get_by_role("button", name="Publish").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(title)
    address = desk.url
    desk.goto(f"{address}/update")
    other_tab = desk.context.new_page()
    other_tab.goto(f"{address}/update")
    other_tab.get_by_label("Content").fill("One 2 three.")
    other_tab.get_by_role("button", name="Save", exact=True).click()
    expect(other_tab.get_by_role("heading", level=1)).to_have_text(title)

    desk.get_by_label("Content").fill("One two drei.")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_role("alert")).to_contain_text("is not saved yet")
    expect(desk.locator(".conflict ins").first).to_be_visible()
    expect(desk.get_by_label("Content")).to_have_value("One two drei.")
    desk.get_by_label("Content").fill("One 2 drei.")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.get_by_text("One 2 drei.", exact=True)).to_be_visible()


@BY_JAVASCRIPT
def test_a_draft_saves_itself_and_says_so(desk: Page) -> None:
    title = f"By itself {secrets.token_hex(4)}"
    _fill(desk, title, WORDS)
    expect(desk.locator("#desk-status")).to_have_text(re.compile(r"^Draft saved at \d\d:\d\d\.$"))
    desk.goto("/drafts")  # no question is asked: all is saved
    desk.get_by_role("link", name=title).click()
    expect(desk.get_by_label("Content")).to_have_value(WORDS)


@BY_JAVASCRIPT
def test_control_and_enter_publish(desk: Page) -> None:
    title = f"By keys {secrets.token_hex(4)}"
    _fill(desk, title, WORDS)
    desk.get_by_label("Content").press("Control+Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text(title)


@BY_JAVASCRIPT
def test_who_leaves_unsaved_words_is_asked_and_stays(desk: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.on("dialog", stay)
    _fill(desk, "Unsaved", WORDS)
    desk.get_by_label("Content").press("End")
    desk.get_by_role("link", name="Newest").click(no_wait_after=True)
    expect(desk.get_by_label("Content")).to_have_value(WORDS)
    assert asked == ["beforeunload"]
    desk.get_by_role("button", name="Save draft").click()
    expect(desk.get_by_role("status").first).to_contain_text("Your draft is saved")
    desk.get_by_role("link", name="Newest").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Newest posts")
    assert asked == ["beforeunload"], "neither a button nor saved words are asked about"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 401, "body": "{}"}, "Not saved: you are logged out."),
        ({"status": 400, "body": '{"detail": "Why."}'}, "Not saved: Why."),
        ({"status": 429, "headers": {"Retry-After": "90"}}, "the site asks for a pause"),
        ({"status": 503, "body": ""}, "Not saved: the site has a problem. Trying again."),
        (None, "Not saved: the site cannot be reached. Trying again."),
    ],
    ids=["logged out", "refused", "too often", "broken", "unreachable"],
)
def test_a_draft_that_cannot_be_saved_is_told_in_words(
    noisy_desk: Page, answer: dict[str, object] | None, told: str
) -> None:
    def answer_saves(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
        elif answer is None:
            route.abort()
        else:
            route.fulfill(content_type="application/json", **answer)  # type: ignore[arg-type]

    noisy_desk.route("**/post/new", answer_saves)
    _fill(noisy_desk, "Kept", WORDS)
    expect(noisy_desk.locator("#desk-status")).to_contain_text(told, timeout=PATIENCE * 1000)
    expect(noisy_desk.get_by_label("Content")).to_have_value(WORDS)


@BY_JAVASCRIPT
def test_a_narrow_screen_scrolls_code_and_tables_and_never_the_page(desk: Page) -> None:
    title = "Unbroken" * 12
    code = f"```python\n{'x' * 300} = 1\n```"
    table = "|" + " wide column |" * 12 + "\n" + "|" + "-|" * 12 + "\n|" + " words |" * 12
    _fill(desk, title, f"{'w' * 300}\n\n{code}\n\n    {'y' * 300}\n\n{table}\n\n<{'z' * 200}>")
    desk.set_viewport_size({"width": 320, "height": 640})
    desk.get_by_role("button", name="Preview").click()
    expect(desk.locator(".preview table")).to_be_visible()
    assert _fits(desk), "the preview"
    desk.get_by_role("button", name="Publish").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(title)
    post = desk.url
    for part in ("pre", ".table-scroll"):
        scrolls = desk.locator(f".prose {part}").first.evaluate(
            "part => part.scrollWidth > part.clientWidth"
            " && ['auto', 'scroll'].includes(getComputedStyle(part).overflowX)"
        )
        assert scrolls, part
    assert _fits(desk), post
    desk.goto(f"{post}/update")
    desk.get_by_label("Content").fill(f"{'v' * 300}\n\n{code}")
    desk.get_by_role("button", name="Save", exact=True).click()
    for place in ("/", f"{post}/history", f"{post}/delete", f"{post}/update", "/drafts"):
        desk.goto(place)
        assert _fits(desk), place
    desk.goto(f"{post}/delete")
    desk.get_by_role("button", name="Delete this post").click()
    desk.goto("/account/deleted")
    assert _fits(desk), "/account/deleted"


def _fits(page: Page) -> bool:
    fits: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


def _fill(page: Page, title: str, content: str) -> None:
    page.get_by_label("Title").fill(title)
    page.get_by_label("Content").fill(content)


def _log_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("Name or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def _posts_called(page: Page, author: str, title: str) -> int:
    page.goto(f"/user/{author}")
    return page.get_by_role("article").get_by_role("heading", name=title).count()
