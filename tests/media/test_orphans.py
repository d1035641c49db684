"""Orphaned pictures: old ones of the site are deleted, and nothing else."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from time import time

import pytest
from flask import Flask
from sqlalchemy import update

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.media import orphans, pictures
from flaskblog.media.store import MediaError, Store
from flaskblog.models import User
from flaskblog.serving import worker
from tests.conftest import make_app
from tests.support.jobs import run_job

DAY = 24 * 60 * 60
WRITTEN = b"picture"


def save_orphans(number: int = 1) -> set[str]:
    return {pictures.save(WRITTEN) for _ in range(number)}


def use(name: str) -> None:
    db.session.execute(update(User).values(picture=name))
    db.session.commit()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the job run more than a day after the test writes its files."""
    monkeypatch.setattr(orphans, "now", lambda: now() + timedelta(days=1, minutes=1))


@pytest.fixture
def folder(media_folder: Path) -> Path:
    media_folder.mkdir()
    return media_folder


def put(path: Path, age: float = DAY + 60) -> None:
    path.write_bytes(WRITTEN)
    os.utime(path, (time() - age, time() - age))


@pytest.mark.usefixtures("later")
def test_orphans_are_deleted_and_used_pictures_are_kept(site: Flask) -> None:
    save_orphans(3)
    shown = pictures.save(WRITTEN)
    use(shown)
    run_job(site, worker.delete_orphaned_pictures)
    assert list(pictures.store().names()) == [shown]
    assert pictures.store().read(shown) == WRITTEN


def test_pictures_younger_than_a_day_are_kept(site: Flask) -> None:
    written = save_orphans(2)
    run_job(site, worker.delete_orphaned_pictures)
    assert {*pictures.store().names()} == written
    assert {*pictures.store().names_before(datetime(2000, 1, 1, tzinfo=UTC))} == set()


def test_the_age_is_that_of_the_file(folder: Path) -> None:
    old, young = (folder / f"{token_hex(16)}.webp" for _ in range(2))
    put(old)
    put(young, age=DAY - 60)
    orphans.delete()
    assert list(folder.iterdir()) == [young]


def test_partial_files_are_deleted_and_other_files_are_kept(folder: Path) -> None:
    """A process may be killed while it writes, and a folder may hold other things."""
    partial = folder / f"{token_hex(16)}.part"
    others = [
        folder / name
        for name in ("me.webp", ".webp", "notes.part", f"{token_hex(16)}.jpg", "A" * 32 + ".webp")
    ]
    for path in (partial, *others):
        put(path)
    put(folder.parent / f"{token_hex(16)}.webp")
    (folder / "old").mkdir()
    put(folder / "old" / f"{token_hex(16)}.webp")
    orphans.delete()
    assert {*folder.iterdir()} == {*others, folder / "old"}
    assert len(list((folder / "old").iterdir())) == 1
    assert len(list(folder.parent.glob("*.webp"))) == 1


@pytest.mark.usefixtures("later")
def test_other_files_in_a_bucket_are_kept(tmp_path: Path, bucket: str) -> None:
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}/pictures")
    name = f"{token_hex(16)}.webp"
    others = ["pictures/me.webp", f"pictures/old/{name}", f"pictures2/{name}", name]
    with site.app_context():
        db.create_all()
        files = pictures.store().filesystem  # type: ignore[attr-defined]
        for path in (*others, f"pictures/{name}"):
            files.pipe_file(f"{bucket}/{path}", WRITTEN)
        orphans.delete()
        files.invalidate_cache()
        assert {*files.find(bucket)} == {f"{bucket}/{path}" for path in others}


@pytest.mark.usefixtures("site", "later")
def test_all_pages_and_batches_are_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(orphans, "BATCH", 3)
    save_orphans(10)
    shown = pictures.save(WRITTEN)
    use(shown)
    orphans.delete()
    assert list(pictures.store().names()) == [shown]


def test_a_run_deletes_a_limited_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "MAX_PER_RUN", 4)
    for _ in range(6):
        put(folder / f"{token_hex(16)}.webp")
    left = []
    for _ in range(2):
        orphans.delete()
        left.append(len(list(folder.iterdir())))
    assert left == [2, 0]


def test_nothing_is_deleted_if_orphans_outnumber_used_pictures(
    folder: Path, author: User, caplog: pytest.LogCaptureFixture
) -> None:
    """As when `DATABASE_URL` names another database than yesterday."""
    use(f"{token_hex(16)}.webp")
    assert author.picture
    for _ in range(orphans.ALWAYS_ALLOWED + 1):
        put(folder / f"{token_hex(16)}.webp")
    orphans.delete()
    assert len(list(folder.iterdir())) == orphans.ALWAYS_ALLOWED + 1
    assert "Check DATABASE_URL" in caplog.text


@pytest.mark.usefixtures("site", "later")
def test_a_failed_removal_is_logged_and_the_others_are_deleted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stays = min(save_orphans(3))
    remove = type(pictures.store()).remove

    def fail_once(store: Store, name: str) -> None:
        if name == stays:
            raise MediaError("Access Denied")
        remove(store, name)

    monkeypatch.setattr(type(pictures.store()), "remove", fail_once)
    orphans.delete()
    assert list(pictures.store().names()) == [stays]
    assert f"could not delete picture {stays}" in caplog.text
    assert "Access Denied" in caplog.text


def test_an_unreadable_store_is_logged(
    media_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    orphans.delete()
    assert caplog.text == ""
    media_folder.write_text("no folder")
    orphans.delete()
    assert "cannot list the stored pictures" in caplog.text


def test_a_stopping_worker_deletes_no_more(folder: Path) -> None:
    put(folder / f"{token_hex(16)}.webp")
    queue.stopping.set()
    try:
        orphans.delete()
    finally:
        queue.stopping.clear()
    assert len(list(folder.iterdir())) == 1
