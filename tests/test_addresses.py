"""Every address, right or wrong, is answered by the site; and redirects stay on it."""

import re
from urllib.parse import quote, urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.addresses import is_local
from flaskblog.models import User
from tests.client import Client, browser, is_own_page, read
from tests.factories import make_post

pytestmark = pytest.mark.usefixtures("writer")

# Targets that leave the site in some browser, after some decoding, or break the header.
FOREIGN = [
    "https://evil.example", "http:evil.example", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b",
    " //evil.example", "/ /evil.example", "javascript:alert(1)", "data:text/html,x",
    "evil.example", "@evil.example", "/%09/evil.example\x00", "", "?next=//evil.example",
]  # fmt: skip
HERE = ["/", "/post/new", "/user/writer?page=2", "/about#top", "/%2fevil.example", "/a//b", "/é"]


@pytest.mark.parametrize("target", FOREIGN, ids=ascii)
def test_a_target_elsewhere_is_not_ours(target: str) -> None:
    assert not is_local(target)


@pytest.mark.parametrize("target", HERE)
def test_a_target_here_is_ours(target: str) -> None:
    assert is_local(target)


@given(st.text(st.sampled_from("/\\.:@ht\t\n evil%2f?#[]")) | st.text())
def test_whatever_counts_as_ours_stays_here(target: str) -> None:
    if is_local(target):
        assert urlsplit(urljoin("http://localhost/login", target)).netloc == "localhost"


@pytest.mark.parametrize("target", FOREIGN, ids=ascii)
def test_log_in_leads_only_to_this_site(client: Client, target: str) -> None:
    address = f"/login?next={quote(target)}"
    if "\x00" in target:
        assert client.get(address).status_code == 400
        return
    answer = client.submit(address, email="writer", password="a password for tests")
    assert answer.status_code == 302
    landing = urlsplit(urljoin("http://localhost/login", answer.location))
    assert (landing.scheme, landing.netloc) == ("http", "localhost")


@pytest.mark.parametrize(
    "encoded", ["/%2fevil.example", "%2f%2fevil.example", "/%09/evil.example", "/%5cevil.example"]
)
def test_what_decodes_to_another_site_is_not_followed(client: Client, encoded: str) -> None:
    address = f"/login?next={encoded}"
    answer = client.submit(address, email="writer", password="a password for tests")
    assert answer.location == "/"


@pytest.mark.parametrize(
    "address",
    ["/nothing", "/post/", "/post/0", "/post/-1", "/post/01", "/post/1.0", "/post/abc",
     "/post/999", "/post/2147483648", "/post/9223372036854775807", "/post/9223372036854775808",
     "/post/99999999999999999999999999", "/post/%D9%A1", "/post/1%20", "/post/1%0A", "/post/1/",
     "/post/%zz", "/user/", "/user/nobody", "/user/%zz", "/user/%2e%2e", "/user/wri%2Fter",
     "/user/%E2%80%8Bwriter", f"/user/{'x' * 3000}", "/user/%F0%9F%98%80",
     "/static/../config.py", "/static/%2e%2e/__init__.py", "/static/", "/.env"],
)  # fmt: skip
def test_an_address_of_nothing_is_told_as_such(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert is_own_page(answer)


@pytest.mark.parametrize(
    ("path", "query"),
    [(b"/\0", b""), (b"/user/\0", b""), (b"/user/writer\0", b""), (b"/\xff", b""),
     (b"/user/\xc3", b""), (b"/\xed\xa0\xbd", b""), (b"/\xc0\xaf", b""), (b"/static/\0", b""),
     (b"/", b"q=%00"), (b"/", b"page=%ff"), (b"/", b"%ff=1"), (b"/", b"page=\xff"),
     (b"/post/1", b"x=%ED%A0%BD"), (b"/static/favicon.svg", b"%C3"), (b"/login", b"next=%00")],
)  # fmt: skip
def test_an_address_that_is_no_text_is_refused(client: Client, path: bytes, query: bytes) -> None:
    answer = client.get_bytes(path, query)
    assert answer.status_code == 400
    assert is_own_page(answer)


@pytest.mark.parametrize("place", ["/", "/home", "/user/writer"])
@pytest.mark.parametrize(
    "page",
    ["0", "-1", "abc", "", "01", "+1", " 1", "1 ", "1.0", "1e3", "\uff11", "\u0661", "2",
     "999999999", "9999999999", "9223372036854775807", "9" * 400, "%zz"],
    ids=ascii,
)  # fmt: skip
def test_a_page_that_is_not_there_is_told_as_such(
    client: Client, writer: User, place: str, page: str
) -> None:
    make_post(writer)
    answer = client.get(f"{place}?page={quote(page, safe='%')}")
    assert answer.status_code == 404
    assert is_own_page(answer)


@pytest.mark.parametrize("place", ["/", "/home", "/user/writer"])
def test_the_first_page_is_there_even_when_it_is_empty(client: Client, place: str) -> None:
    for query in ("", "?page=1", "?other=%C3%A9", "?page=1&page=abc"):
        assert client.get(f"{place}{query}").status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
@pytest.mark.parametrize("place", ["/", "/about", "/user/writer", "/post/1", "/static/favicon.svg"])
def test_a_wrong_method_is_told_what_is_right(client: Client, place: str, method: str) -> None:
    answer = client.open(place, method=method)
    assert answer.status_code == 405
    assert is_own_page(answer)
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))
    assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("place", ["/", "/about", "/login", "/user/writer", "/nothing", "/livez"])
def test_head_answers_as_get_does_without_the_body(client: Client, place: str) -> None:
    get, head = client.get(place), client.head(place)
    assert head.status_code == get.status_code
    assert head.data == b""
    assert head.content_type == get.content_type


def test_options_names_the_methods(client: Client) -> None:
    assert set(client.options("/login").headers["Allow"].split(", ")) == {
        "GET", "HEAD", "OPTIONS", "POST"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["writer", "WRITER", "wRiTeR"])
def test_a_persons_page_answers_in_any_case(client: Client, name: str) -> None:
    assert client.get(f"/user/{name}").status_code == 200


@pytest.mark.parametrize(("host", "roots"), [("localhost", "12"), ("a..b", "34")])
def test_a_site_under_a_path_keeps_to_it(app: Flask, host: str, roots: str) -> None:
    """Addresses are remembered, for each path anew; an impossible host does not mislead them."""
    for root in (f"/{roots[0]}", f"/{roots[1]}", ""):
        place = f"http://localhost{root}/"
        browser(app).get("/nothing", base_url=place, headers={"Host": host})
        page = read(browser(app).get("/login", base_url=place))
        links = [str(tag.get("href") or tag.get("src")) for tag in page.select("[href], [src]")]
        ours = [link for link in links if link.startswith("/")]
        assert len(ours) > 10
        assert all(re.fullmatch(f"{root}/(?![{roots}]).*", link) for link in ours)
