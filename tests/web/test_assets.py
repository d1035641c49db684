"""The stylesheet, versioned URLs of static files, and compression."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask import Flask

from flaskblog.models import User
from flaskblog.web import assets
from tests.support.client import Client, read
from tests.support.factories import make_post

YEAR = "max-age=31536000"
SHARED = ["/", "/about", "/feed.xml", "/static/style.css", "/static/js/autosave.js"]


def stylesheet_url(client: Client) -> str:
    """The URL of the stylesheet, from a page that is not cached."""
    (link,) = read(client.get("/login")).select('link[rel="stylesheet"]')
    return str(link["href"])


def test_the_stylesheet_joins_its_parts_in_order(app: Flask, client: Client) -> None:
    folder = Path(str(app.static_folder)) / "css"
    parts = [(folder / f"{name}.css").read_text() for name in assets.STYLESHEETS]
    joined = client.get(stylesheet_url(client)).text
    assert re.sub(r"\?v=[0-9a-f]+", "", joined) == "".join(parts)
    assert {f"{path.stem}" for path in folder.glob("*.css")} <= set(assets.STYLESHEETS)


def test_a_versioned_url_is_cached_for_a_year(client: Client) -> None:
    page = read(client.get("/login"))
    files = [str(tag["href"]) for tag in page.select('link[rel="stylesheet"], link[rel="icon"]')]
    files += [str(tag["src"]) for tag in page.select("script[src]")]
    assert len(files) == 4
    for address in files:
        cached = client.get(address).headers["Cache-Control"]
        assert YEAR in cached
        assert "immutable" in cached
        for other in (address.partition("?")[0], f"{address}0"):
            assert "immutable" not in client.get(other).headers["Cache-Control"]


def test_the_fonts_are_cached_for_a_year_and_weigh_at_most_120_kib(client: Client) -> None:
    fonts = re.findall(r'url\("(fonts/[^"]+)"\)', client.get(stylesheet_url(client)).text)
    answers = [client.get(f"/static/{font}") for font in fonts]
    assert {answer.mimetype for answer in answers} == {"font/woff2"}
    assert all("immutable" in answer.headers["Cache-Control"] for answer in answers)
    assert sum(len(answer.data) for answer in answers) <= 120 * 1024
    preloaded = read(client.get("/login")).select('link[rel="preload"]')
    assert [link["href"] for link in preloaded] == [f"/static/{fonts[0]}"]


def test_the_url_changes_with_the_file_in_debug_mode(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sheet() -> str:
        with app.test_request_context():
            return assets.asset_url("style.css")

    (tmp_path / "css").mkdir()
    for name in assets.STYLESHEETS:
        (tmp_path / "css" / f"{name}.css").write_text("p {}")
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    monkeypatch.setattr(app, "debug", True)
    before = sheet()
    (tmp_path / "css" / "page.css").write_text("p { color: red }")
    assert sheet() != before
    monkeypatch.setattr(app, "debug", False)
    known = sheet()
    (tmp_path / "css" / "page.css").unlink()
    assert sheet() == known, "files are read once outside of debug mode"


@pytest.mark.parametrize("address", SHARED)
@pytest.mark.parametrize(
    ("accepted", "decompress"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_public_responses_are_compressed(
    client: Client,
    author: User,
    address: str,
    accepted: str,
    decompress: Callable[[bytes], bytes],
) -> None:
    make_post(author, content="Words. " * 100)
    plain = client.get(address)
    small = client.get(address, headers={"Accept-Encoding": accepted})
    assert small.headers["Content-Encoding"] == accepted
    assert "Accept-Encoding" in small.headers["Vary"]
    assert decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data)
    if "ETag" in small.headers:
        known = {"Accept-Encoding": accepted, "If-None-Match": small.headers["ETag"]}
        assert client.get(address, headers=known).status_code == 304


def test_a_page_with_csrf_tokens_is_never_compressed(client: Client, author_client: Client) -> None:
    """Its length would reveal them (BREACH)."""
    for reader, address in [
        (client, "/login"),
        (author_client, "/menu"),
        (author_client, "/post/new"),
    ]:
        answer = reader.get(address, headers={"Accept-Encoding": "br, gzip"})
        assert "csrf_token" in answer.text
        assert "Content-Encoding" not in answer.headers


def test_a_byte_range_of_a_file_is_not_compressed(client: Client) -> None:
    asked = {"Accept-Encoding": "br", "Range": "bytes=0-9"}
    answer = client.get("/static/js/autosave.js", headers=asked)
    assert answer.status_code == 206
    assert len(answer.data) == 10
