"""An account's whole life in a browser: a picture, a forgotten password, two devices."""

import re
import secrets
import time

from playwright.sync_api import Browser, Page, expect

from tests.live import PATIENCE
from tests.smtp import Mailbox
from tests.users.pictures import encoded, plain

PASSWORD, NEW_PASSWORD = "four words for a test", "other words for a test"


def test_a_member_has_a_picture_forgets_the_password_and_ends_a_device(
    page: Page, browser: Browser, live_site: str, mail_server: tuple[Mailbox, int]
) -> None:
    name = f"person.{secrets.token_hex(4)}"
    _sign_up(page, name)
    _log_in(page, name, PASSWORD)
    _upload_a_picture(page, name)
    _publish_and_see_the_picture(page)

    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in").first.click()
    page.get_by_role("link", name="Reset it by mail").click()
    page.get_by_label("E-mail address").fill(f"{name}@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(_mailed_link(mail_server[0], f"{name}@example.org"))
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password again").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    _log_in(page, name, NEW_PASSWORD)

    other = browser.new_context(base_url=live_site).new_page()
    _log_in(other, name, NEW_PASSWORD)
    page.goto("/account/sessions")
    devices = page.get_by_role("main").get_by_role("listitem").filter(has=page.locator("h2"))
    expect(devices).to_have_count(2)
    expect(devices.filter(has_text="This is the device you are using")).to_have_count(1)
    page.get_by_role("button", name="Log this device out").click()
    expect(page.get_by_role("status")).to_have_text("That device is logged out.")
    expect(devices).to_have_count(1)
    other.goto("/account")
    assert "/login" in other.url
    other.context.close()


def _sign_up(page: Page, name: str) -> None:
    page.goto("/register")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail address").fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("status")).to_be_visible()


def _log_in(page: Page, name: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("Name or e-mail address").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def _upload_a_picture(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Site").get_by_role("link", name=name).click()
    picture = encoded(plain(), "PNG")
    page.get_by_label("New picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture}
    )
    with page.expect_response(lambda answer: "/media/" in answer.url) as shown:
        page.get_by_role("button", name="Save").click()
    assert shown.value.status == 200
    expect(page.get_by_role("status")).to_have_text("Your account is saved.")
    own = page.get_by_role("banner").get_by_role("link", name=name)
    expect(own.locator("img")).to_have_attribute("src", re.compile("^/media/"))


def _publish_and_see_the_picture(page: Page) -> None:
    page.get_by_role("link", name="Write", exact=True).click()
    page.get_by_label("Title").fill("With a picture beside it")
    page.get_by_label("Content").fill("Words.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.get_by_role("link", name="Newest").click()
    article = page.get_by_role("article").filter(has_text="With a picture beside it").first
    expect(article.locator("img")).to_have_attribute("src", re.compile("^/media/"))


def _mailed_link(mailbox: Mailbox, address: str) -> str:
    until = time.monotonic() + PATIENCE
    while address not in mailbox.recipients:
        assert time.monotonic() < until, "no mail arrived"
        time.sleep(0.1)
    body = mailbox.messages[mailbox.recipients.index(address)].get_body(("plain",))
    assert body is not None
    [link] = re.findall(r"\S+/reset_password/\S+", body.get_content())
    return str(link)
