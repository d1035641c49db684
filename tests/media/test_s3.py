"""Pictures in a bucket, on a server that speaks S3."""

import sys
from io import BytesIO
from pathlib import Path

import pytest
from flask_migrate import upgrade
from s3fs import S3FileSystem

from flaskblog.extensions import db
from flaskblog.media import pictures
from flaskblog.media.s3 import S3Store
from flaskblog.models import User
from tests.conftest import make_app
from tests.support.client import browser
from tests.support.factories import make_user
from tests.support.pictures import encoded, plain
from tests.support.processes import free_port

MISSING = "0" * 32 + ".webp"


def test_a_bucket_is_listed_page_by_page(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}")
    with site.app_context():
        written = {pictures.save(b"picture") for _ in range(5)}
        store = pictures.store()
        assert isinstance(store, S3Store)
        call, pages = store.filesystem.call_s3, []

        def two_at_a_time(method: str, **parameters: object) -> object:
            pages.append(method)
            return call(method, **parameters, MaxKeys=2)

        monkeypatch.setattr(type(store.filesystem), "call_s3", staticmethod(two_at_a_time))
        assert {*store.names()} == written
    assert pages == ["list_objects_v2"] * 3


def test_a_missing_bucket_is_empty(tmp_path: Path, bucket: str) -> None:
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}-yet-to-come")
    with site.app_context():
        assert list(pictures.store().names()) == []


def test_an_unavailable_bucket_is_a_503_for_pictures_only(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    S3FileSystem.clear_instance_cache()
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}")
    with site.app_context():
        upgrade()
        author = make_user("author")
        member = browser(site)
        member.log_in(author)
        assert member.get(f"/media/{MISSING}").status_code == 503
        picture = (BytesIO(encoded(plain(), "PNG")), "me.png")
        assert member.submit("/account", picture=picture).status_code == 503
        assert member.get("/").status_code == 200
        db.session.expire_all()
        assert db.session.get_one(User, 1).picture is None
        db.session.remove()


@pytest.mark.parametrize("url", ["http://bucket", "s3://", "s3://Bucket name", "/srv/pictures"])
def test_the_application_does_not_start_with_an_invalid_media_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="MEDIA_URL"):
        make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=url)


def test_the_application_names_the_packages_that_a_bucket_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules, "flaskblog.media.s3", raising=False)
    with pytest.raises(SystemExit, match=r"pip install -r deploy/requirements-s3.txt"):
        make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL="s3://pictures")
