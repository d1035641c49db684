"""Theme and contrast: a form that stores them in a cookie."""

import pytest

from tests.conftest import make_app
from tests.support.client import Client, browser, read

HTTPS = "https://blog.example.org"


def shown_preferences(client: Client, address: str = "/") -> tuple[str | None, str | None]:
    page = read(client.get(address))
    assert page.html is not None
    theme, contrast = page.html.get("data-theme"), page.html.get("data-contrast")
    return str(theme) if theme else None, str(contrast) if contrast else None


def cookie_value(client: Client) -> str | None:
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
def test_preferences_apply_to_every_page(
    client: Client, theme: str, contrast: str, cookie: str | None, html: tuple[str | None, ...]
) -> None:
    client.submit("/appearance", theme="dark", contrast="more")
    client.submit("/appearance", theme=theme, contrast=contrast)
    assert cookie_value(client) == cookie
    for address in ("/", "/appearance", "/nothing"):
        assert shown_preferences(client, address) == html
    chosen = [str(tag["value"]) for tag in read(client.get("/appearance")).select("[checked]")]
    assert chosen == [theme, contrast]


def test_preferences_are_kept_after_logging_out(author_client: Client) -> None:
    author_client.submit("/appearance", theme="dark", contrast="normal")
    author_client.submit("/logout")
    assert shown_preferences(author_client) == ("dark", None)


@pytest.mark.parametrize("value", ["", "-", "pink-more", 'dark"><script>', "dark-normal-more", "é"])
def test_an_invalid_cookie_is_ignored(client: Client, value: str) -> None:
    client.set_cookie("appearance", value)
    assert shown_preferences(client)[0] in {None, "dark"}
    assert "<script>" not in client.get("/").text


def test_an_unknown_choice_is_an_error(client: Client) -> None:
    response = client.submit("/appearance", theme="pink", contrast="more")
    assert response.status_code == 200
    assert cookie_value(client) is None
    assert read(response).select(".field-error")


def test_the_cookie_is_restricted_to_this_site(client: Client) -> None:
    response = client.submit("/appearance", theme="dark", contrast="normal")
    (cookie,) = [c for c in response.headers.getlist("Set-Cookie") if c.startswith("appearance=")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_pages_vary_by_cookie(client: Client) -> None:
    for address in ("/", "/about", "/nothing"):
        assert "Cookie" in client.get(address).headers["Vary"]


def test_the_cookie_is_secure_over_https(database_url: str) -> None:
    client = browser(make_app(database_url, SITE_URL=HTTPS))
    page = read(client.get("/appearance", base_url=HTTPS))
    token = page.select_one("[name=csrf_token]")
    assert token is not None
    response = client.post(
        "/appearance",
        base_url=HTTPS,
        data={"csrf_token": token["value"], "theme": "dark", "contrast": "more"},
        headers={"Origin": HTTPS, "Referer": f"{HTTPS}/appearance"},
    )
    (cookie,) = [c for c in response.headers.getlist("Set-Cookie") if c.startswith("appearance=")]
    assert "Secure" in cookie.split("; ")
