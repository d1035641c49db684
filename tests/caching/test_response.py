"""A cached response is sent plain, compressed, or as 304 Not Modified."""

import gzip
from datetime import timedelta

import brotli
import pytest
from flask import Flask

from flaskblog.database.base import now
from flaskblog.models import User
from tests.support.client import Client, browser
from tests.support.factories import make_post


@pytest.fixture
def old_post(author: User) -> int:
    long_ago = now() - timedelta(days=400)
    return make_post(author, content="Some words. " * 60, created_at=long_ago).id


ENCODINGS = {"gzip": "gzip", "br, gzip": "br", "br;q=0.1, gzip;q=0.5": "gzip", "*": "br", "": "",
             "gzip;q=0": "", "identity": "", "gzip;q=odd": "", "\x00,,;": ""}  # fmt: skip
DECOMPRESS = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}


@pytest.mark.parametrize("accepted", ENCODINGS)
def test_a_response_is_compressed_as_the_client_accepts(
    client: Client, old_post: int, accepted: str
) -> None:
    plain = client.get(f"/post/{old_post}", headers={"Accept-Encoding": "identity"})
    answer = client.get(f"/post/{old_post}", headers={"Accept-Encoding": accepted})
    encoding = answer.headers.get("Content-Encoding", "")
    assert encoding == ENCODINGS[accepted]
    assert DECOMPRESS[encoding](answer.data) == plain.data
    assert answer.content_length == len(answer.data)
    assert {"cookie", "accept-encoding"} <= {name.lower() for name in answer.vary}
    assert (answer.headers["ETag"] == plain.headers["ETag"]) == (encoding == "")


@pytest.mark.parametrize("address", ["/about", "/static/css/page.css"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_matching_etag_is_answered_by_304(client: Client, address: str, encoding: str) -> None:
    accept = {"Accept-Encoding": encoding}
    first = client.get(address, headers=accept)
    for known in (first.headers["ETag"], f'"x", W/{first.headers["ETag"]}', "*"):
        answer = client.get(address, headers=accept | {"If-None-Match": known})
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == first.headers["ETag"]
        assert answer.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert "Content-Length" not in answer.headers


@pytest.mark.parametrize("known", ["", '"', '""', "x", 'W/"', ",,,", '"x" "y"', "\x00", "*x", "é"])
def test_an_invalid_etag_is_answered_by_the_page(client: Client, known: str) -> None:
    assert client.get("/about", headers={"If-None-Match": known}).status_code == 200


@pytest.mark.parametrize("address", ["/", "/nothing", "/login", "/static/css/page.css"])
def test_head_has_the_headers_of_get_and_no_body(app: Flask, address: str) -> None:
    for _ in range(2):
        head, get = browser(app).head(address), browser(app).get(address)
        assert head.data == b""
        assert head.status == get.status
        changing = {"Set-Cookie", "Date", "X-Request-ID"}
        assert {name: value for name, value in head.headers if name not in changing} == {
            name: value for name, value in get.headers if name not in changing
        }
