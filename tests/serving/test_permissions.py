"""The permissions of what a running site writes."""

import os
import stat
from pathlib import Path

import pytest

from flaskblog.serving import permissions
from tests.support.http_client import HttpClient
from tests.support.processes import free_port, started

START = ["flask", "--app", "run", "start"]
BACKUP = ["flask", "--app", "run", "backup"]


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_a_proxy_may_pass_through_a_new_instance_folder(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        permissions.restrict(tmp_path / "instance")
        (tmp_path / "instance" / "secret_key").touch()
        permissions.restrict(tmp_path / "instance")
    finally:
        assert os.umask(before) == 0o077
    assert modes(tmp_path) == {"instance": 0o711, "secret_key": 0o600}


@pytest.mark.server
def test_database_and_backups_are_for_their_owner(tmp_path: Path) -> None:
    data, backups = tmp_path / "data", tmp_path / "backups"
    settings = {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": f"sqlite:///{data}/own.db",
        "BACKUP_FOLDER": str(backups),
        "PORT": str(free_port()),
    }
    with started(START, tmp_path / "log", settings) as live:
        HttpClient(live.address()).sign_up("author")
        with started(BACKUP, tmp_path / "backup log", settings) as backup:
            assert backup.process.wait() == 0, backup.output
        written = modes(data) | modes(backups)
    assert {"own.db", "own.db-wal", "own.queue.db"} <= written.keys()
    assert any(name.endswith(".tar.gz") for name in written)
    assert {name: mode for name, mode in written.items() if mode & 0o077} == {}
