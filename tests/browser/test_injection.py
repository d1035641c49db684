"""Script in a post never runs, on any page that shows it.

The vectors are of the kinds in OWASP's XSS Filter Evasion Cheat Sheet. The fixture `page` fails a
test whose console has messages, so also one whose script only the security policy stopped.
"""

import secrets

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.factories import PASSWORD
from tests.support.http_client import HttpClient
from tests.support.processes import TIMEOUT

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
# Elements and attributes that no page of ours has and that the vectors try to add.
FORBIDDEN = """
script:not([src]), iframe, object, base, style, link:not(head > *), meta:not(head > *), svg, math,
video, details[ontoggle], [onerror], [onload], [onfocus], [onbegin],
[formaction]:not([data-preview]), a[href^="javascript"], a[href^="x:"]
"""
TOGETHER = "\n\n".join(VECTORS)  # and each alone, since one may hide the next


@pytest.fixture
def author(live_site: str) -> tuple[HttpClient, str]:
    visitor, name = HttpClient(live_site), f"author.{secrets.token_hex(4)}"
    visitor.sign_up(name)
    return visitor, name


@pytest.mark.parametrize("page", [True], indirect=True)
def test_script_in_posts_never_runs(page: Page, author: tuple[HttpClient, str]) -> None:
    """Each vector is a title and a content, before an edit and after it."""
    visitor, name = author
    token = visitor.token("/post/new")
    posts = []
    for one, other in zip(VECTORS[::2], VECTORS[1::2], strict=True):
        fields, swapped = _fields(one, other), _fields(other, one)
        status, post = visitor.post("/post/new", csrf_token=token, **fields)
        assert (status, post.startswith("/post/")) == (302, True)
        assert visitor.post(f"{post}/update", csrf_token=token, **swapped) == (302, post)
        status, _ = visitor.post("/post/new", csrf_token=token, action="draft", **fields)
        assert status == 302
        posts.append(post)
    _log_in(page, name)
    pages = range(1, -(-len(posts) // 5) + 1)
    suffixes = ("", "/history", "/update", "/delete")
    lists = ("/", f"/user/{name}", "/drafts")
    addresses = [f"{post}{suffix}" for post in posts for suffix in suffixes]
    addresses += [f"{address}?page={number}" for number in pages for address in lists]
    for address in addresses:
        _visit(page, address)
    page.goto("/post/new")
    page.get_by_label("Title").fill(VECTORS[0])
    page.get_by_label("Content").fill(TOGETHER)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    _check(page)
    for post in posts:
        assert visitor.post(f"{post}/delete", csrf_token=token)[0] == 302
    for number in pages:
        _visit(page, f"/account/deleted?page={number}")


def test_script_never_runs_in_edit_conflicts_or_at_log_in(
    browser: Browser, live_site: str, author: tuple[HttpClient, str]
) -> None:
    """Check the console here: Chromium logs the status 409 of the conflict."""
    visitor, name = author
    token = visitor.token("/post/new")
    _, post = visitor.post("/post/new", csrf_token=token, **_fields("T", "c"))
    context = browser.new_context(base_url=live_site)
    context.set_default_timeout(TIMEOUT * 1000)
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    _log_in(page, name)
    page.goto(f"{post}/update")
    visitor.post(f"{post}/update", csrf_token=token, **_fields(VECTORS[0], TOGETHER))
    page.get_by_label("Title").fill(VECTORS[1])
    page.get_by_label("Content").fill(TOGETHER[::-1] + TOGETHER)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".conflict")).to_be_visible()
    _check(page)
    context.clear_cookies()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    _check(page)
    assert [text for text in messages if "409" not in text] == []
    context.close()


def _fields(title: str, content: str) -> dict[str, str]:
    return {"title": title.replace("\n", " ")[:100], "content": content}


def _visit(page: Page, address: str) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    _check(page)


def _check(page: Page) -> None:
    assert page.evaluate("window.ran") is None, page.url
    assert page.locator(FORBIDDEN).count() == 0, page.url


def _log_in(page: Page, name: str) -> None:
    page.goto("/login")
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name=f"Menu of {name}")).to_be_visible()
