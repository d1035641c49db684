"""Pictures in a folder."""

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
