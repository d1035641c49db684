"""Pictures that nobody shows: those that are old and ours go, and nothing else does."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from time import time

import pytest
from sqlalchemy import update

from flaskblog import leftovers, media, worker
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.models import User
from tests.conftest import make_app

DAY = 24 * 60 * 60
WRITTEN = b"picture"


def leave_behind(number: int = 1) -> set[str]:
    return {media.save(WRITTEN) for _ in range(number)}


def show(name: str) -> None:
    db.session.execute(update(User).values(picture=name))
    db.session.commit()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a day after all that is written meanwhile."""
    monkeypatch.setattr(leftovers, "now", lambda: now() + timedelta(days=1, minutes=1))


@pytest.fixture
def folder(media_folder: Path) -> Path:
    media_folder.mkdir()
    return media_folder


def put(path: Path, age: float = DAY + 60) -> None:
    path.write_bytes(WRITTEN)
    os.utime(path, (time() - age, time() - age))


@pytest.mark.usefixtures("site", "later")
def test_what_nobody_shows_goes_and_what_somebody_shows_stays() -> None:
    leave_behind(3)
    shown = media.save(WRITTEN)
    show(shown)
    worker.remove_leftovers.call_local()
    assert list(media.store().names()) == [shown]
    assert media.store().read(shown) == WRITTEN


@pytest.mark.usefixtures("site")
def test_what_was_written_within_a_day_stays() -> None:
    written = leave_behind(2)
    worker.remove_leftovers.call_local()
    assert {*media.store().names()} == written
    assert {*media.store().names_before(datetime(2000, 1, 1, tzinfo=UTC))} == set()


def test_the_day_begins_when_the_file_was_written(folder: Path) -> None:
    old, young = (folder / f"{token_hex(16)}.webp" for _ in range(2))
    put(old)
    put(young, age=DAY - 60)
    leftovers.remove()
    assert list(folder.iterdir()) == [young]


def test_half_written_files_go_and_what_is_not_ours_stays(folder: Path) -> None:
    """A process may be killed while it writes, and a folder may hold other things."""
    half = folder / f"{token_hex(16)}.part"
    others = [
        folder / name
        for name in ("me.webp", ".webp", "notes.part", f"{token_hex(16)}.jpg", "A" * 32 + ".webp")
    ]
    for path in (half, *others):
        put(path)
    put(folder.parent / f"{token_hex(16)}.webp")
    (folder / "old").mkdir()
    put(folder / "old" / f"{token_hex(16)}.webp")
    leftovers.remove()
    assert {*folder.iterdir()} == {*others, folder / "old"}
    assert len(list((folder / "old").iterdir())) == 1
    assert len(list(folder.parent.glob("*.webp"))) == 1


@pytest.mark.usefixtures("later")
def test_in_a_bucket_what_is_not_ours_stays_too(tmp_path: Path, bucket: str) -> None:
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}/pictures")
    name = f"{token_hex(16)}.webp"
    others = ["pictures/me.webp", f"pictures/old/{name}", f"pictures2/{name}", name]
    with site.app_context():
        db.create_all()
        files = media.store()._files  # type: ignore[attr-defined]
        for path in (*others, f"pictures/{name}"):
            files.pipe_file(f"{bucket}/{path}", WRITTEN)
        leftovers.remove()
        files.invalidate_cache()
        assert {*files.find(bucket)} == {f"{bucket}/{path}" for path in others}


@pytest.mark.usefixtures("site", "later")
def test_more_than_one_page_and_one_batch_is_looked_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leftovers, "BATCH", 3)
    leave_behind(10)
    shown = media.save(WRITTEN)
    show(shown)
    leftovers.remove()
    assert list(media.store().names()) == [shown]


def test_a_bucket_tells_its_names_page_by_page(
    tmp_path: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}")
    with site.app_context():
        written = leave_behind(5)
        store = media.store()
        call, pages = store._files.call_s3, []  # type: ignore[attr-defined]

        def two_at_a_time(method: str, **asked: object) -> object:
            pages.append(method)
            return call(method, **asked, MaxKeys=2)

        monkeypatch.setattr(type(store._files), "call_s3", staticmethod(two_at_a_time))  # type: ignore[attr-defined]
        assert {*store.names()} == written
    assert pages == ["list_objects_v2"] * 3


def test_a_bucket_that_is_not_there_holds_nothing(tmp_path: Path, bucket: str) -> None:
    site = make_app(f"sqlite:///{tmp_path / 'site.db'}", MEDIA_URL=f"s3://{bucket}-yet-to-come")
    with site.app_context():
        assert list(media.store().names()) == []


def test_so_many_go_in_a_night(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "MOST", 4)
    for _ in range(6):
        put(folder / f"{token_hex(16)}.webp")
    left = []
    for _ in range(2):
        leftovers.remove()
        left.append(len(list(folder.iterdir())))
    assert left == [2, 0]


def test_where_nearly_all_belong_to_nobody_none_goes_and_the_log_says_why(
    folder: Path, writer: User, caplog: pytest.LogCaptureFixture
) -> None:
    """As when `DATABASE_URL` names another database than yesterday."""
    show(f"{token_hex(16)}.webp")
    assert writer.picture
    for _ in range(leftovers.FEW + 1):
        put(folder / f"{token_hex(16)}.webp")
    leftovers.remove()
    assert len(list(folder.iterdir())) == leftovers.FEW + 1
    assert "Check DATABASE_URL" in caplog.text


@pytest.mark.usefixtures("site", "later")
def test_one_that_cannot_be_removed_is_told_and_the_others_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stays = min(leave_behind(3))
    remove = type(media.store()).remove

    def fail_once(store: media.Store, name: str) -> None:
        if name == stays:
            raise media.MediaError("Access Denied")
        remove(store, name)

    monkeypatch.setattr(type(media.store()), "remove", fail_once)
    leftovers.remove()
    assert list(media.store().names()) == [stays]
    assert f"picture {stays} is left over" in caplog.text
    assert "Access Denied" in caplog.text


def test_a_place_that_cannot_be_looked_through_is_told_and_stops_nothing_else(
    media_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leftovers.remove()
    assert caplog.text == ""
    media_folder.write_text("no folder")
    leftovers.remove()
    assert "cannot be looked for" in caplog.text


def test_a_worker_that_is_told_to_stop_leaves_the_rest(folder: Path) -> None:
    put(folder / f"{token_hex(16)}.webp")
    queue.stopping.set()
    try:
        leftovers.remove()
    finally:
        queue.stopping.clear()
    assert len(list(folder.iterdir())) == 1
