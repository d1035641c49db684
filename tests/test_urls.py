"""URLs, valid and invalid, and redirects, which stay on this site."""

import re
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.models import User
from flaskblog.urls import is_local, link_to
from tests.support.client import Client, browser, is_own_page, read
from tests.support.factories import make_post

pytestmark = pytest.mark.usefixtures("author")

# Targets that leave the site in some browser, after some decoding, or break the header.
FOREIGN_TARGETS = [
    "https://evil.example", "http:evil.example", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b",
    " //evil.example", "/ /evil.example", "javascript:alert(1)", "data:text/html,x",
    "evil.example", "@evil.example", "/%09/evil.example\x00", "", "?next=//evil.example",
]  # fmt: skip
LOCAL_TARGETS = [
    "/",
    "/post/new",
    "/user/author?page=2",
    "/about#top",
    "/%2fevil.example",
    "/a//b",
    "/é",
]


@pytest.mark.parametrize("target", FOREIGN_TARGETS, ids=ascii)
def test_foreign_targets_are_not_local(target: str) -> None:
    assert not is_local(target)


@pytest.mark.parametrize("target", LOCAL_TARGETS)
def test_local_targets_are_local(target: str) -> None:
    assert is_local(target)


@given(st.text(st.sampled_from("/\\.:@ht\t\n evil%2f?#[]")) | st.text())
def test_every_local_target_stays_on_this_site(target: str) -> None:
    if is_local(target):
        assert urlsplit(urljoin("http://localhost/login", target)).netloc == "localhost"


@pytest.mark.parametrize("target", FOREIGN_TARGETS, ids=ascii)
def test_log_in_redirects_only_to_this_site(client: Client, target: str) -> None:
    address = f"/login?next={quote(target)}"
    if "\x00" in target:
        assert client.get(address).status_code == 400
        return
    response = client.submit(address, email="author", password="a password for tests")
    assert response.status_code == 302
    landing = urlsplit(urljoin("http://localhost/login", response.location))
    assert (landing.scheme, landing.netloc) == ("http", "localhost")


@pytest.mark.parametrize(
    "encoded", ["/%2fevil.example", "%2f%2fevil.example", "/%09/evil.example", "/%5cevil.example"]
)
def test_log_in_does_not_redirect_to_encoded_foreign_targets(client: Client, encoded: str) -> None:
    address = f"/login?next={encoded}"
    response = client.submit(address, email="author", password="a password for tests")
    assert response.location == "/"


@pytest.mark.parametrize(
    "address",
    ["/nothing", "/post/", "/post/0", "/post/-1", "/post/01", "/post/1.0", "/post/abc",
     "/post/999", "/post/2147483648", "/post/9223372036854775807", "/post/9223372036854775808",
     "/post/99999999999999999999999999", "/post/%D9%A1", "/post/1%20", "/post/1%0A",
     "/post/%zz", "/user/", "/user/nobody", "/user/%zz", "/user/%2e%2e", "/user/wri%2Fter",
     "/user/%E2%80%8Bauthor", f"/user/{'x' * 3000}", "/user/%F0%9F%98%80",
     "/static/../config.py", "/static/%2e%2e/__init__.py", "/static/", "/.env"],
)  # fmt: skip
def test_an_unknown_url_is_a_404(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert is_own_page(response)


@pytest.mark.parametrize(
    ("path", "query"),
    [(b"/\0", b""), (b"/user/\0", b""), (b"/user/author\0", b""), (b"/\xff", b""),
     (b"/user/\xc3", b""), (b"/\xed\xa0\xbd", b""), (b"/\xc0\xaf", b""), (b"/static/\0", b""),
     (b"/", b"q=%00"), (b"/", b"page=%ff"), (b"/", b"%ff=1"), (b"/", b"page=\xff"),
     (b"/post/1", b"x=%ED%A0%BD"), (b"/static/favicon.svg", b"%C3"), (b"/login", b"next=%00")],
)  # fmt: skip
def test_a_url_that_is_not_utf8_is_a_bad_request(client: Client, path: bytes, query: bytes) -> None:
    response = client.get_bytes(path, query)
    assert response.status_code == 400
    assert is_own_page(response)


@pytest.mark.parametrize("address", ["/", "/home", "/user/author"])
@pytest.mark.parametrize(
    "page",
    ["0", "-1", "abc", "", "01", "+1", " 1", "1 ", "1.0", "1e3", "\uff11", "\u0661", "2",
     "999999999", "9999999999", "9223372036854775807", "9" * 400, "%zz"],
    ids=ascii,
)  # fmt: skip
def test_an_unknown_page_number_is_a_404(
    client: Client, author: User, address: str, page: str
) -> None:
    make_post(author)
    response = client.get(f"{address}?page={quote(page, safe='%')}")
    assert response.status_code == 404
    assert is_own_page(response)


@pytest.mark.parametrize("address", ["/", "/home", "/user/author"])
def test_the_first_page_exists_even_if_it_is_empty(client: Client, address: str) -> None:
    for query in ("", "?page=1", "?other=%C3%A9", "?page=1&page=abc"):
        assert client.get(f"{address}{query}").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "address", ["/", "/about", "/user/author", "/post/1", "/static/favicon.svg"]
)
def test_another_method_is_a_405_with_the_allowed_ones(
    client: Client, address: str, method: str
) -> None:
    response = client.open(address, method=method)
    assert response.status_code == 405
    assert is_own_page(response)
    assert {"GET", "HEAD", "OPTIONS"} <= set(response.headers["Allow"].split(", "))
    assert method not in response.headers["Allow"]


@pytest.mark.parametrize("address", ["/", "/about", "/login", "/user/author", "/nothing", "/livez"])
def test_head_is_get_without_the_body(client: Client, address: str) -> None:
    get, head = client.get(address), client.head(address)
    assert head.status_code == get.status_code
    assert head.data == b""
    assert head.content_type == get.content_type


def test_options_lists_the_methods(client: Client) -> None:
    assert set(client.options("/login").headers["Allow"].split(", ")) == {
        "GET", "HEAD", "OPTIONS", "POST"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["author", "AUTHOR", "aUtHoR"])
def test_a_profile_is_found_in_any_case(client: Client, name: str) -> None:
    assert client.get(f"/user/{name}").status_code == 200


@pytest.mark.parametrize(("host", "roots"), [("localhost", "12"), ("a..b", "34")])
def test_links_of_a_site_under_a_path_have_its_prefix(app: Flask, host: str, roots: str) -> None:
    """The prefix is taken from each request, even after a request with an invalid host."""
    for root in (f"/{roots[0]}", f"/{roots[1]}", ""):
        address = f"http://localhost{root}/"
        browser(app).get("/nothing", base_url=address, headers={"Host": host})
        page = read(browser(app).get("/login", base_url=address))
        links = [str(tag.get("href") or tag.get("src")) for tag in page.select("[href], [src]")]
        local_links = [link for link in links if link.startswith("/")]
        assert len(local_links) > 10
        assert all(re.fullmatch(f"{root}/(?![{roots}]).*", link) for link in local_links)


def test_links_are_built_from_the_site_url_without_a_request(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SITE_URL", "https://blog.example.org:8443")
    assert link_to("users.profile", username="reader") == (
        "https://blog.example.org:8443/user/reader"
    )
