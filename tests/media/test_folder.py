"""Pictures in a folder."""

import os
import stat
from pathlib import Path

import pytest

from flaskblog.media.folder import Folder
from flaskblog.media.store import MediaError

NAME = "0" * 32 + ".webp"


def test_a_failed_write_leaves_no_partial_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    folder = Folder(tmp_path)
    monkeypatch.setattr("flaskblog.media.folder.os.fsync", fail)
    with pytest.raises(MediaError, match="No space left"):
        folder.write(NAME, b"picture")
    assert list(tmp_path.iterdir()) == []


def test_others_can_open_a_picture_by_its_name_and_list_nothing(tmp_path: Path) -> None:
    media = tmp_path / "new" / "media"
    before = os.umask(0o077)
    try:
        Folder(media).write(NAME, b"picture")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (media / NAME, media, media.parent)]
    assert modes == [0o644, 0o711, 0o711]


def test_an_existing_folder_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)
    Folder(tmp_path).write(NAME, b"picture")
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
