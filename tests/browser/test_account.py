"""Profile picture, password reset and devices in a browser."""

import re
import secrets
import time

from playwright.sync_api import Browser, Page, expect

from tests.support.pictures import encoded, plain
from tests.support.processes import TIMEOUT
from tests.support.smtp_server import Mailbox

PASSWORD, NEW_PASSWORD = "four words for a test", "other words for a test"


def test_profile_picture_password_reset_and_log_out_of_a_device(
    page: Page, browser: Browser, live_site: str, mail_server: tuple[Mailbox, int]
) -> None:
    name = f"person.{secrets.token_hex(4)}"
    _sign_up(page, name)
    _upload_a_picture(page, name)
    _publish_and_see_the_picture(page)

    page.get_by_role("link", name=f"Menu of {name}").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("link", name="Log in").first.click()
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(f"{name}@example.org")
    page.get_by_role("button", name="Send reset link").click()
    expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
    page.goto(_mailed_link(mail_server[0], f"{name}@example.org"))
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("Confirm new password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change password").click()
    _log_in(page, name, NEW_PASSWORD)

    other = browser.new_context(base_url=live_site).new_page()
    _log_in(other, name, NEW_PASSWORD)
    page.goto("/account/sessions")
    devices = page.get_by_role("main").get_by_role("listitem").filter(has=page.locator("h2"))
    expect(devices).to_have_count(2)
    current = devices.filter(has=page.get_by_text("This device", exact=True))
    expect(current).to_have_count(1)
    devices.get_by_role("button", name=re.compile("^Log out .+ on ")).click()
    expect(page.get_by_role("status")).to_have_text("The device has been logged out.")
    expect(devices).to_have_count(1)
    other.goto("/account")
    assert "/login" in other.url
    other.context.close()


def _sign_up(page: Page, name: str) -> None:
    page.goto("/register")
    page.get_by_label("Username", exact=True).fill(name)
    page.get_by_label("E-mail address").fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("status")).to_be_visible()


def _log_in(page: Page, name: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name=f"Menu of {name}")).to_be_visible()


def _upload_a_picture(page: Page, name: str) -> None:
    page.get_by_role("link", name=f"Menu of {name}").click()
    page.get_by_role("main").get_by_role("link", name="Account").click()
    picture = encoded(plain(), "PNG")
    page.get_by_label("Profile picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture}
    )
    with page.expect_response(lambda answer: "/media/" in answer.url) as shown:
        page.get_by_role("button", name="Save profile").click()
    assert shown.value.status == 200
    expect(page.get_by_role("status")).to_have_text("Your account has been updated.")
    own = page.get_by_role("banner").get_by_role("link", name=name)
    expect(own.locator("img")).to_have_attribute("src", re.compile("^/media/"))


def _publish_and_see_the_picture(page: Page) -> None:
    page.get_by_role("link", name="Write", exact=True).click()
    page.get_by_label("Title").fill("With a picture beside it")
    page.get_by_label("Content").fill("Words.")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.get_by_role("link", name="Posts", exact=True).click()
    article = page.get_by_role("article").filter(has_text="With a picture beside it").first
    expect(article.locator("img")).to_have_attribute("src", re.compile("^/media/"))


def _mailed_link(mailbox: Mailbox, address: str) -> str:
    until = time.monotonic() + TIMEOUT
    while address not in mailbox.recipients:
        assert time.monotonic() < until, "no mail arrived"
        time.sleep(0.1)
    body = mailbox.messages[mailbox.recipients.index(address)].get_body(("plain",))
    assert body is not None
    [link] = re.findall(r"\S+/reset_password/\S+", body.get_content())
    return str(link)
