"""Light or dark and the contrast: chosen by radio buttons, kept in a cookie, there at once."""

import pytest

from tests.client import Client, browser, read
from tests.conftest import make_app

HTTPS = "https://blog.example.org"


def shown(client: Client, address: str = "/") -> tuple[str | None, str | None]:
    page = read(client.get(address))
    assert page.html is not None
    theme, contrast = page.html.get("data-theme"), page.html.get("data-contrast")
    return str(theme) if theme else None, str(contrast) if contrast else None


def kept(client: Client) -> str | None:
    cookie = client.get_cookie("appearance")
    return cookie.value if cookie else None


@pytest.mark.parametrize(
    ("theme", "contrast", "cookie", "html"),
    [
        ("system", "normal", None, (None, None)),
        ("system", "more", "system-more", (None, "more")),
        ("light", "normal", "light-normal", ("light", None)),
        ("light", "more", "light-more", ("light", "more")),
        ("dark", "normal", "dark-normal", ("dark", None)),
        ("dark", "more", "dark-more", ("dark", "more")),
    ],
)
def test_a_choice_holds_on_every_page(
    client: Client, theme: str, contrast: str, cookie: str | None, html: tuple[str | None, ...]
) -> None:
    client.submit("/appearance", theme="dark", contrast="more")
    client.submit("/appearance", theme=theme, contrast=contrast)
    assert kept(client) == cookie
    for address in ("/", "/appearance", "/nothing"):
        assert shown(client, address) == html
    chosen = [str(tag["value"]) for tag in read(client.get("/appearance")).select("[checked]")]
    assert chosen == [theme, contrast]


def test_a_choice_outlasts_the_account_that_made_it(writer_client: Client) -> None:
    writer_client.submit("/appearance", theme="dark", contrast="normal")
    writer_client.submit("/logout")
    assert shown(writer_client) == ("dark", None)


@pytest.mark.parametrize("value", ["", "-", "pink-more", 'dark"><script>', "dark-normal-more", "é"])
def test_a_cookie_that_nobody_wrote_does_no_harm(client: Client, value: str) -> None:
    client.set_cookie("appearance", value)
    assert shown(client)[0] in {None, "dark"}
    assert "<script>" not in client.get("/").text


def test_a_choice_that_is_none_of_those_is_told(client: Client) -> None:
    answer = client.submit("/appearance", theme="pink", contrast="more")
    assert answer.status_code == 200
    assert kept(client) is None
    assert read(answer).select(".field-error")


def test_the_cookie_is_for_this_site_alone(client: Client) -> None:
    answer = client.submit("/appearance", theme="dark", contrast="normal")
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("appearance=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_caches_keep_a_page_for_each_choice(client: Client) -> None:
    for address in ("/", "/about", "/nothing"):
        assert "Cookie" in client.get(address).headers["Vary"]


def test_over_https_the_cookie_stays_there(database_url: str) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    page = read(client.get("/appearance", base_url=HTTPS))
    token = page.select_one("[name=csrf_token]")
    assert token is not None
    answer = client.post(
        "/appearance",
        base_url=HTTPS,
        data={"csrf_token": token["value"], "theme": "dark", "contrast": "more"},
        headers={"Origin": HTTPS, "Referer": f"{HTTPS}/appearance"},
    )
    (cookie,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("appearance=")]
    assert "Secure" in cookie.split("; ")
