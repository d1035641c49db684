"""Sites that store pictures in a folder, and in a bucket."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from flask import Flask
from flask_migrate import upgrade
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from flaskblog.extensions import db
from flaskblog.models import User
from tests.conftest import make_app
from tests.support.client import Client, browser
from tests.support.factories import make_user


@pytest.fixture(scope="package")
def endpoint() -> Iterator[str]:
    """A real HTTP server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"pictures-{token_hex(4)}"
    S3FileSystem.clear_instance_cache()
    S3FileSystem().mkdir(name)
    yield name
    S3FileSystem.clear_instance_cache()


@pytest.fixture(
    params=[
        "folder",
        pytest.param("bucket", marks=[pytest.mark.server, pytest.mark.xdist_group("bucket")]),
    ]
)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    settings = {"MEDIA_FOLDER": str(tmp_path / "media")}
    if request.param == "bucket":
        settings["MEDIA_URL"] = f"s3://{request.getfixturevalue('bucket')}/pictures/"
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", **settings)
    with site.app_context():
        upgrade()
        make_user("author")
        yield site
        db.session.remove()


@pytest.fixture
def member(site: Flask) -> Client:
    client = browser(site)
    client.log_in(db.session.get_one(User, 1))
    return client
