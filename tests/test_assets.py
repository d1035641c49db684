"""One style sheet, addresses that change with their files, and answers that come compressed."""

import gzip
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask import Flask, url_for

from flaskblog import assets
from flaskblog.models import User
from tests.client import Client, read
from tests.factories import make_post

YEAR = "max-age=31536000"
SHARED = ["/", "/about", "/feed.xml", "/static/style.css", "/static/js/desk.js"]


def sheet_of(client: Client) -> str:
    """As a page names it that no cache keeps."""
    (link,) = read(client.get("/login")).select('link[rel="stylesheet"]')
    return str(link["href"])


def test_the_style_sheet_is_every_part_in_its_order(app: Flask, client: Client) -> None:
    folder = Path(str(app.static_folder)) / "css"
    parts = [(folder / f"{name}.css").read_text() for name in assets.SHEETS]
    assert client.get(sheet_of(client)).text == "".join(parts)
    assert {f"{path.stem}" for path in folder.glob("*.css")} <= set(assets.SHEETS)


def test_what_has_the_address_of_its_version_is_kept_for_a_year(client: Client) -> None:
    page = read(client.get("/login"))
    files = [str(tag["href"]) for tag in page.select('link[rel="stylesheet"], link[rel="icon"]')]
    files += [str(tag["src"]) for tag in page.select("script[src]")]
    assert len(files) == 3
    for address in files:
        cached = client.get(address).headers["Cache-Control"]
        assert YEAR in cached
        assert "immutable" in cached
        for other in (address.partition("?")[0], f"{address}0"):
            assert "immutable" not in client.get(other).headers["Cache-Control"]


def test_a_file_changed_at_work_has_another_address(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sheet() -> str:
        with app.test_request_context():
            return url_for("style_sheet")

    (tmp_path / "css" / "vendor").mkdir(parents=True)
    for name in assets.SHEETS:
        (tmp_path / "css" / f"{name}.css").write_text("p {}")
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    monkeypatch.setattr(app, "debug", True)
    before = sheet()
    (tmp_path / "css" / "page.css").write_text("p { color: red }")
    assert sheet() != before
    monkeypatch.setattr(app, "debug", False)
    known = sheet()
    (tmp_path / "css" / "page.css").unlink()
    assert sheet() == known, "no page waits for a look at files that stay as they are"


@pytest.mark.parametrize("address", SHARED)
@pytest.mark.parametrize(
    ("accepted", "decompress"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_what_everybody_may_share_comes_compressed(
    client: Client,
    writer: User,
    address: str,
    accepted: str,
    decompress: Callable[[bytes], bytes],
) -> None:
    make_post(writer, content="Words. " * 100)
    plain = client.get(address)
    small = client.get(address, headers={"Accept-Encoding": accepted})
    assert small.headers["Content-Encoding"] == accepted
    assert "Accept-Encoding" in small.headers["Vary"]
    assert decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data)
    if "ETag" in small.headers:
        known = {"Accept-Encoding": accepted, "If-None-Match": small.headers["ETag"]}
        assert client.get(address, headers=known).status_code == 304


def test_a_page_with_form_tokens_is_never_compressed(client: Client, writer_client: Client) -> None:
    """Its length would tell them: BREACH."""
    for reader, address in [(client, "/login"), (writer_client, "/"), (writer_client, "/post/new")]:
        answer = reader.get(address, headers={"Accept-Encoding": "br, gzip"})
        assert "csrf_token" in answer.text
        assert "Content-Encoding" not in answer.headers


def test_a_part_of_a_file_is_the_part_that_was_asked_for(client: Client) -> None:
    asked = {"Accept-Encoding": "br", "Range": "bytes=0-9"}
    answer = client.get("/static/js/desk.js", headers=asked)
    assert answer.status_code == 206
    assert len(answer.data) == 10
