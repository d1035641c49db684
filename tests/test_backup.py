"""Backups that were restored once before they count."""

import contextvars
import json
import os
import sqlite3
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, text

from flaskblog import archives, backups, media, schema, transfer
from flaskblog.backups import kept, last_verified, take_nightly
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.models import Post, User
from tests.factories import make_post
from tests.filled import filled_site

PICTURE = "a" * 32 + ".webp"
OTHER_PICTURE = "b" * 32 + ".webp"


@pytest.fixture
def site(empty_url: str, tmp_path: Path) -> Iterator[Flask]:
    site = filled_site(
        empty_url,
        posts=5,
        MEDIA_FOLDER=str(tmp_path / "media"),
        BACKUP_FOLDER=str(tmp_path / "backups"),
    )
    with site.app_context():
        media.store().write(PICTURE, b"a picture")
        yield site
        db.session.remove()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "backup.tar.gz"


def run(site: Flask, *arguments: str, typed: str = "") -> Result:
    db.session.remove()
    invoke = site.test_cli_runner().invoke
    return contextvars.Context().run(invoke, args=list(arguments), input=typed)


def titles() -> list[str]:
    found = list(db.session.scalars(select(Post.title).order_by(Post.id)))
    db.session.rollback()
    return found


def test_a_backup_brings_rows_and_pictures_back(site: Flask, archive: Path) -> None:
    done = run(site, "backup", str(archive))
    assert done.exit_code == 0, done.output
    assert f"proven: {archive}" in done.output
    assert archive.stat().st_mode & 0o077 == 0
    before = titles()
    db.session.execute(text("DELETE FROM post"))
    db.session.commit()
    media.remove(PICTURE)

    asked = run(site, "restore", str(archive), typed="n\n")
    assert asked.exit_code == 1
    assert titles() == []
    restored = run(site, "restore", str(archive), typed="y\n")
    assert restored.exit_code == 0, restored.output
    assert titles() == before
    assert media.store().read(PICTURE) == b"a picture"
    writer = db.session.scalars(User.named("writer")).one()
    assert make_post(writer).id > len(before)


def test_what_a_restore_replaces_is_kept_aside(site: Flask, archive: Path) -> None:
    assert run(site, "backup", str(archive)).exit_code == 0
    make_post(db.session.scalars(User.named("writer")).one(), title="Written since")
    told = run(site, "restore", "--yes", str(archive)).output.splitlines()[-1]
    assert "Written since" not in titles()
    aside = told.split()[-1]
    if db.engine.dialect.name == "sqlite":
        connection = sqlite3.connect(aside)
        found = [title for (title,) in connection.execute("SELECT title FROM post")]
        connection.close()
    else:
        found = list(db.session.scalars(text(f"SELECT title FROM {aside}.post")))
    assert "Written since" in found


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_damaged_database_is_replaced_too(site: Flask, archive: Path) -> None:
    assert run(site, "backup", str(archive)).exit_code == 0
    db.engine.dispose()
    path = Path(str(db.engine.url.database))
    path.write_bytes(b"no database at all" * 1000)
    assert run(site, "restore", "--yes", str(archive)).exit_code == 0
    assert len(titles()) == 6


def test_a_backup_taken_while_people_write_holds_one_moment(
    site: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each writer changes a post and counts it in the same commit: a copy has both or neither."""
    enough = Event()
    written = 0

    def write() -> None:
        nonlocal written
        with site.app_context():
            while not enough.is_set():
                author = db.session.scalars(User.named("writer")).one()
                make_post(author)
                written += 1

    writer = Thread(target=write)
    writer.start()
    monkeypatch.setattr(transfer, "BATCH", 1)
    try:
        manifest = backups.take(archive)
    finally:
        enough.set()
        writer.join()
    assert written > 0
    in_all = db.session.scalars(select(func.count(Post.id))).one()
    assert manifest.contents.tables["post"].rows < in_all
    with backups.proven(archive) as backup:
        connection = sqlite3.connect(backup.database)
        counted = connection.execute(
            'SELECT sum(posts_count), (SELECT count(*) FROM post) FROM "user"'
        ).fetchone()
        connection.close()
    assert counted[0] == counted[1] + 1  # of the one that the filling deleted without a count


def test_the_site_must_stand_still_for_a_restore(site: Flask, archive: Path) -> None:
    assert run(site, "backup", str(archive)).exit_code == 0
    other = schema.open_engine(site.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(select(Post.id))
        refused = run(site, "restore", "--yes", str(archive))
    other.dispose()
    assert refused.exit_code == 1
    assert "Error: Nothing was restored. The site is running." in refused.output
    assert len(titles()) == 6


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_backup_that_does_not_come_back_is_none(
    site: Flask, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_a_row(self: archives.Writer, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.execute("DELETE FROM post WHERE id = 1")
        connection.commit()
        connection.close()
        add_database(self, path)

    add_database = archives.Writer.add_database
    monkeypatch.setattr(archives.Writer, "add_database", lose_a_row)
    refused = run(site, "backup", str(archive))
    assert refused.exit_code == 1
    assert "does not hold what it was made of: post" in refused.output
    assert [path.name for path in archive.parent.iterdir() if "backup" in path.name] == []


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_file_that_is_there_is_not_overwritten(site: Flask, archive: Path) -> None:
    archive.write_text("something of mine")
    assert run(site, "backup", str(archive)).exit_code == 1
    assert archive.read_text() == "something of mine"


def change(archive: Path, **changed: object) -> None:
    """Pack it again with another list."""
    with tarfile.open(archive) as tar:
        members = [(member, tar.extractfile(member)) for member in tar.getmembers()]
        contents = [(member, data.read() if data else b"") for member, data in members]
    with tarfile.open(archive, "w:gz") as tar:
        for member, data in contents:
            if member.name == archives.MANIFEST:
                changed_list = json.dumps(json.loads(data) | changed).encode()
                member.size = len(changed_list)
                tar.addfile(member, BytesIO(changed_list))
            else:
                tar.addfile(member, BytesIO(data))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"format": 2}, "A newer version of Flaskblog made this backup"),
        ({"revision": "9999"}, "A newer version of Flaskblog made this backup"),
        ({"tables": {"user": 1}}, "cannot be read"),
        ({"pictures": {}}, "Its pictures are not those"),
    ],
)
def test_a_backup_that_is_newer_or_wrong_is_refused(
    site: Flask, archive: Path, changed: dict[str, object], told: str
) -> None:
    backups.take(archive)
    change(archive, **changed)
    refused = run(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert told in refused.output
    assert len(titles()) == 6


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("/tmp/escaped", tarfile.REGTYPE),
        ("media/../../escaped", tarfile.REGTYPE),
        (f"media/{OTHER_PICTURE}", tarfile.SYMTYPE),
        ("media", tarfile.DIRTYPE),
    ],
)
def test_an_archive_writes_nowhere_else(site: Flask, archive: Path, name: str, kind: bytes) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member, BytesIO())
    refused = run(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert "Error: Nothing was restored. It holds" in refused.output
    assert not list(archive.parent.rglob("escaped"))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_half_an_archive_is_refused(site: Flask, archive: Path) -> None:
    backups.take(archive)
    archive.write_bytes(archive.read_bytes()[:-5000])
    refused = run(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert "Nothing was restored. It cannot be read" in refused.output


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("site")
def test_each_night_has_a_backup_and_old_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert last_verified() is None
    folder = tmp_path / "backups"
    started = datetime(2026, 11, 20, 2, 17, tzinfo=UTC)
    moment = started
    monkeypatch.setattr(backups, "now", lambda: moment)
    take_nightly()
    assert last_verified() == started
    for hours in (1, 2, 3):  # 3:17 is the first after the night's hour
        moment = started + timedelta(hours=hours)
        take_nightly()
    assert [path.name for path in sorted(folder.iterdir())] == [
        "flaskblog-20261120T021700Z.tar.gz",
        "flaskblog-20261120T031700Z.tar.gz",
    ]
    for days in range(1, 100):
        (folder / f"flaskblog-{started - timedelta(days=days):%Y%m%dT%H%M%SZ}.tar.gz").touch()
    (folder / "mine.tar.gz").touch()
    moment = started + timedelta(days=1, hours=1)
    take_nightly()
    assert last_verified() == moment
    assert len(list(folder.iterdir())) == 7 + 7 + 1
    assert (folder / "mine.tar.gz").exists()


def test_the_last_seven_are_kept_and_one_a_week_for_eight_weeks() -> None:
    last = datetime(2026, 11, 22, 3, tzinfo=UTC)  # a Sunday
    nightly = {last - timedelta(days=days) for days in range(100)}
    assert sorted(kept(nightly), reverse=True) == [
        *(last - timedelta(days=days) for days in range(7)),
        *(last - timedelta(weeks=weeks) for weeks in range(1, 8)),
    ]


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("site")
def test_what_a_killed_backup_left_goes_after_a_day(tmp_path: Path) -> None:
    left = tmp_path / "backups" / f"{backups.SCRATCH}left"
    left.mkdir(parents=True)
    (left / "archive").touch()
    day = (now() - timedelta(days=2)).timestamp()
    os.utime(left, (day, day))
    take_nightly()
    assert not left.exists()
