"""Fixtures for tests of backups: a filled site on each engine, and a place for an archive."""

import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.media import pictures
from flaskblog.models import Post
from tests.support.filled_site import filled_site

PICTURE = "a" * 32 + ".webp"


@pytest.fixture
def site(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    site = filled_site(
        empty_url,
        posts=5,
        MEDIA_FOLDER=str(tmp_path / "media"),
        BACKUP_FOLDER=str(tmp_path / "backups"),
    )
    with site.app_context():
        pictures.store().write(PICTURE, b"a picture")
        yield site
        db.session.remove()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "backup.tar.gz"


def repack(archive: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    """Change one file of an archive."""
    with tarfile.open(archive) as tar:
        members = [(member, tar.extractfile(member)) for member in tar.getmembers()]
        contents = [(member, data.read() if data else b"") for member, data in members]
    with tarfile.open(archive, "w:gz") as tar:
        for member, data in contents:
            changed = change(data) if member.name == name else data
            member.size = len(changed)
            tar.addfile(member, BytesIO(changed))


def titles() -> list[str]:
    found = list(db.session.scalars(select(Post.title).order_by(Post.id)))
    db.session.rollback()
    return found
