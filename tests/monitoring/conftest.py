from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flaskblog.extensions import queue
from flaskblog.monitoring import heartbeat
from tests.support.installation import make_backup


@pytest.fixture
def healthy(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site with a running worker and a backup of last night, and no errors of other tests."""
    queue.storage.flush_all()
    (tmp_path / "backups").mkdir()
    make_backup(tmp_path / "backups")
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path / "backups")
    heartbeat.record()
    yield
    queue.storage.flush_all()
