"""A real site and a real browser; each test runs with JavaScript and without."""

import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask_migrate import upgrade
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.conftest import make_app
from tests.support.browser_editor import log_in
from tests.support.http_client import HttpClient
from tests.support.page_checks import MODULES
from tests.support.page_states import every_state
from tests.support.processes import TIMEOUT, free_port, started
from tests.support.shown_site import Shown, ShownSite
from tests.support.smtp_server import LOOPBACK, Mailbox, serving

CHROMIUM = Path("/usr/bin/chromium")
# All but the first three keep the browser from asking its maker for anything.
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """What the running site mails, and the port of the server that takes it."""
    mailbox = Mailbox()
    with serving(mailbox) as port:
        yield mailbox, port


@pytest.fixture(scope="session")
def live_site(
    tmp_path_factory: pytest.TempPathFactory, mail_server: tuple[Mailbox, int]
) -> Iterator[str]:
    """The address of a running site with a database, pictures and a worker of its own."""
    folder = tmp_path_factory.mktemp("live_site")
    port = free_port()
    settings = {
        "FLASKBLOG_ENV": "development",
        "SECRET_KEY": "a key that is known to the tests alone",
        "DATABASE_URL": f"sqlite:///{folder / 'flaskblog.db'}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SITE_NAME": "Flaskblog",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "WORKERS": "1",
        "MEDIA_FOLDER": str(folder / "media"),
        "MAIL_SERVER": LOOPBACK,
        "MAIL_PORT": str(mail_server[1]),
        "RATELIMIT_ENABLED": "false",
    }
    command = [sys.executable, "-m", "flask", "--app", "run", "start"]
    with started(command, folder / "output.txt", settings) as live:
        yield live.address()


@pytest.fixture(scope="session")
def shown_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shown_site")


@pytest.fixture(scope="session")
def shown_site(shown_folder: Path) -> Iterator[ShownSite]:
    """A site where everything that can look odd has been written."""
    app = make_app(f"sqlite:///{shown_folder / 'flaskblog.db'}")
    with app.app_context():
        upgrade()
        yield ShownSite(app)


@pytest.fixture(scope="session")
def shown_address(shown_folder: Path) -> Iterator[str]:
    """Where the same site runs for the browser."""
    port = free_port()
    settings = {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": f"sqlite:///{shown_folder / 'flaskblog.db'}",
        "PORT": str(port),
        "WORKERS": "1",
        "RATELIMIT_ENABLED": "false",
    }
    with started([sys.executable, "run.py"], shown_folder / "output.txt", settings) as live:
        yield live.address()


@pytest.fixture(scope="session")
def states(shown_site: ShownSite, shown_folder: Path) -> dict[str, Shown]:
    """Each page of it as the site answers it, under a name that says what happened."""
    empty = f"sqlite:///{shown_folder / 'empty.db'}"
    app = make_app(empty)
    with app.app_context():
        upgrade()
    return every_state(shown_site, empty)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """What `npm ci` puts here; missing, it skips tests, or fails them where `CI` is set."""
    if not MODULES.exists():
        _skip_or_fail("there are no node_modules; run: npm ci --prefix tests/browser")
    return MODULES


@pytest.fixture(scope="session")
def axe(node_modules: Path) -> str:
    return (node_modules / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. Where it is missing, tests are skipped; where `CI` is set, they fail."""
    if not CHROMIUM.exists():
        _skip_or_fail(f"there is no {CHROMIUM}; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(request: pytest.FixtureRequest, browser: Browser, live_site: str) -> Iterator[Page]:
    """A page of a browser nobody used before.

    At the end its console must be empty, and no request may have left this site. A test of what
    only JavaScript does takes `@pytest.mark.parametrize("page", [True], indirect=True)`.
    """
    context = browser.new_context(base_url=live_site, java_script_enabled=request.param)
    context.set_default_timeout(TIMEOUT * 1000)
    page = context.new_page()
    messages: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: _note(message, messages))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    yield page
    context.close()
    assert messages == []
    assert hosts <= {urlsplit(live_site).netloc, ""}  # data: addresses have no host


@pytest.fixture(scope="module")
def author(live_site: str) -> str:
    """The name of a member."""
    name = f"author.{secrets.token_hex(4)}"
    HttpClient(live_site).sign_up(name)
    return name


@pytest.fixture(scope="module")
def cookies(browser: Browser, live_site: str, author: str) -> Iterator[list[dict[str, str]]]:
    """The cookies of a session of the author that no test ends."""
    context = browser.new_context(base_url=live_site)
    context.set_default_timeout(TIMEOUT * 1000)
    page = context.new_page()
    log_in(page, author)
    yield [
        {"name": c["name"], "value": c["value"], "domain": c["domain"], "path": "/"}
        for c in context.cookies()
    ]
    context.close()


@pytest.fixture
def editor(page: Page, cookies: list[dict[str, str]]) -> Page:
    """An empty editor."""
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # plain dicts are its typed ones
    page.goto("/post/new")
    return page


@pytest.fixture
def unchecked_editor(
    browser: Browser, live_site: str, cookies: list[dict[str, str]]
) -> Iterator[Page]:
    """An empty editor whose console is not checked: Chromium logs failed requests there."""
    context = browser.new_context(base_url=live_site)
    context.set_default_timeout(TIMEOUT * 1000)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/post/new")
    yield page
    context.close()


@pytest.fixture
def newcomer(page: Page, live_site: str) -> str:
    """The name of a member who has not written anything and is logged in on the page."""
    name = f"newcomer.{secrets.token_hex(4)}"
    HttpClient(live_site).sign_up(name)
    log_in(page, name)
    return name


def _note(message: ConsoleMessage, messages: list[str]) -> None:
    """Leave out what Chromium says of every log-out."""
    if not message.text.startswith("Clear-Site-Data header"):
        messages.append(message.text)


def _skip_or_fail(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
