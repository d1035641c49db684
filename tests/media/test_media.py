"""Pictures in a folder and in a bucket: the same to everybody who looks."""

import sys
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from s3fs import S3FileSystem

from flaskblog import media
from flaskblog.extensions import db
from flaskblog.models import User
from tests.client import Client, browser, is_own_page
from tests.conftest import make_app
from tests.factories import make_user
from tests.live import free_port
from tests.users.pictures import encoded, plain

MISSING = "0" * 32 + ".webp"


def set_picture(member: Client, colour: str = "red") -> str:
    picture = (BytesIO(encoded(plain("RGB", colour), "PNG")), "me.png")
    answer = member.submit("/account", picture=picture)
    assert answer.status_code == 302
    db.session.expire_all()
    name = db.session.get_one(User, 1).picture
    assert name
    return name


def test_a_picture_is_kept_shown_and_forgotten(site: Flask, member: Client) -> None:
    assert list(media.store().names()) == []
    first = set_picture(member)
    answer = browser(site).get(f"/media/{first}")
    assert (answer.status_code, answer.data) == (200, media.store().read(first))
    second = set_picture(member, "blue")
    assert list(media.store().names()) == [second]
    assert browser(site).get(f"/media/{first}").status_code == 404
    media.remove(second)
    media.remove(second)
    assert list(media.store().names()) == []
    with pytest.raises(FileNotFoundError):
        media.store().read(second)


def test_its_headers_are_the_same_wherever_it_is_kept(site: Flask, member: Client) -> None:
    answer = browser(site).get(f"/media/{set_picture(member)}")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "attachment" not in answer.headers.get("Content-Disposition", "")


def test_a_picture_that_is_not_there_is_not_found(site: Flask) -> None:
    answer = browser(site).get(f"/media/{MISSING}")
    assert answer.status_code == 404
    assert is_own_page(answer)


def test_a_store_that_is_away_is_told_and_keeps_nobody_from_reading(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    S3FileSystem.clear_instance_cache()
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}")
    with site.app_context():
        upgrade()
        writer = make_user("writer")
        member = browser(site)
        member.log_in(writer)
        assert member.get(f"/media/{MISSING}").status_code == 503
        picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
        assert member.submit("/account", picture=picture).status_code == 503
        assert member.get("/").status_code == 200
        db.session.expire_all()
        assert db.session.get_one(User, 1).picture is None
        db.session.remove()


def test_a_folder_that_is_full_keeps_no_half_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    folder = media.Folder(tmp_path)
    monkeypatch.setattr("flaskblog.media.os.fsync", fail)
    with pytest.raises(media.MediaError, match="No space left"):
        folder.write(MISSING, b"picture")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://bucket", "s3://", "s3://Bucket name", "/srv/pictures"])
def test_an_address_that_is_no_bucket_ends_the_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="MEDIA_URL"):
        make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=url)


def test_without_its_packages_a_bucket_ends_the_start_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules, "flaskblog.buckets", raising=False)
    with pytest.raises(SystemExit, match=r"pip install -r deploy/requirements-s3.txt"):
        make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL="s3://pictures")
