"""Script that somebody writes into a post never runs, on any page that shows it.

The vectors are of the kinds in OWASP's XSS Filter Evasion Cheat Sheet. The fixture `page` fails a
test whose console says anything, and so also one whose script only the security policy stopped.
"""

import secrets

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import PASSWORD
from tests.live import PATIENCE
from tests.visitor import Visitor

RUN = "window.ran=1"
VECTORS = [
    f"<script>{RUN}</script>",
    f"<ScRiPt >{RUN}</sCrIpT>",
    f"<scr<script>ipt>{RUN}</scr</script>ipt>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"<<script>{RUN}//<</script>",
    f"<img src=x: onerror={RUN}>",
    f'"><img src=x: onerror="{RUN}">',
    f"' autofocus onfocus='{RUN}",
    f'" autofocus onfocus="{RUN}',
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<math><mtext><script>{RUN}</script></mtext></math>",
    f"<body onload={RUN}>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    "<iframe src=javascript:parent.ran=1></iframe>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}></video>",
    f"<object data=javascript:{RUN}></object>",
    f"<style onload={RUN}></style>",
    f"<link rel=stylesheet href=x: onerror={RUN}>",
    f"<base href=javascript:{RUN}//>",
    f"<meta http-equiv=refresh content='0;url=javascript:{RUN}'>",
    f"<form><button formaction=javascript:{RUN} autofocus>x</button></form>",
    f"[a](javascript:{RUN})",
    f"[a](&#106;ava&#115;cript:{RUN})",
    f'![a](x:"onerror="{RUN})',
    f"<javascript:{RUN}>",
    "{{ ''.__class__ }}${7*7}<%= 7*7 %>",
    f"`</code><script>{RUN}</script>`",
    f'```"><script>{RUN}</script>\n</code></pre><script>{RUN}</script>\n```',
]
# What none of our pages has, and each of the vectors would like to have there.
FOREIGN = """
script:not([src]), iframe, object, base, style, link:not(head > *), meta:not(head > *), svg, math,
video, details[ontoggle], [onerror], [onload], [onfocus], [onbegin], [formaction],
a[href^="javascript"], a[href^="x:"]
"""
TOGETHER = "\n\n".join(VECTORS)  # and each alone: one may hide what stands behind it


@pytest.fixture
def author(live_site: str) -> tuple[Visitor, str]:
    visitor, name = Visitor(live_site), f"writer.{secrets.token_hex(4)}"
    visitor.sign_up(name)
    return visitor, name


@pytest.mark.parametrize("page", [True], indirect=True)
def test_nothing_that_is_written_runs(page: Page, author: tuple[Visitor, str]) -> None:
    """Each vector is a title and a content, before an edit and after it."""
    visitor, name = author
    token = visitor.token("/post/new")
    posts = []
    for one, other in zip(VECTORS[::2], VECTORS[1::2], strict=True):
        words, swapped = _words(one, other), _words(other, one)
        status, post = visitor.post("/post/new", csrf_token=token, **words)
        assert (status, post.startswith("/post/")) == (302, True)
        assert visitor.post(f"{post}/update", csrf_token=token, **swapped) == (302, post)
        status, _ = visitor.post("/post/new", csrf_token=token, action="draft", **words)
        assert status == 302
        posts.append(post)
    _log_in(page, name)
    for post in posts:
        for deed in ("", "/history", "/update", "/delete"):
            _visit(page, post + deed)
    for number in range(1, -(-len(posts) // 5) + 1):
        for address in ("/", f"/user/{name}", "/drafts"):
            _visit(page, f"{address}?page={number}")
    page.goto("/post/new")
    page.get_by_label("Title").fill(VECTORS[0])
    page.get_by_label("Content").fill(TOGETHER)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    _check(page)
    for post in posts:
        assert visitor.post(f"{post}/delete", csrf_token=token)[0] == 302
    for number in range(1, -(-len(posts) // 5) + 1):
        _visit(page, f"/account/deleted?page={number}")


def test_nothing_runs_where_two_versions_meet_nor_at_log_in(
    browser: Browser, live_site: str, author: tuple[Visitor, str]
) -> None:
    """Apart from the other: Chromium notes a conflict's status in its console."""
    visitor, name = author
    token = visitor.token("/post/new")
    _, post = visitor.post("/post/new", csrf_token=token, **_words("T", "c"))
    context = browser.new_context(base_url=live_site)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    _log_in(page, name)
    page.goto(f"{post}/update")
    visitor.post(f"{post}/update", csrf_token=token, **_words(VECTORS[0], TOGETHER))
    page.get_by_label("Title").fill(VECTORS[1])
    page.get_by_label("Content").fill(TOGETHER[::-1] + TOGETHER)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".conflict")).to_be_visible()
    _check(page)
    context.clear_cookies()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    _check(page)
    assert [text for text in told if "409" not in text] == []
    context.close()


def _words(title: str, content: str) -> dict[str, str]:
    return {"title": title.replace("\n", " ")[:100], "content": content}


def _visit(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    _check(page)


def _check(page: Page) -> None:
    assert page.evaluate("window.ran") is None, page.url
    assert page.locator(FOREIGN).count() == 0, page.url


def _log_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("Name or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
