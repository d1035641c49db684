"""`flask --app run doctor` reports each fault with its remedy."""

import contextvars
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy.engine import make_url

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.monitoring import heartbeat
from tests.conftest import make_app
from tests.support.factories import make_post, make_user
from tests.support.installation import DiskUsage, make_backup
from tests.support.processes import free_port
from tests.support.smtp_server import LOOPBACK, Mailbox, UseMailServer, only, serving

KEY = "Zq4vT8nX2kLw9RbY6mHs3JdF7cGp1AeU5oNi0tKx"
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def private(app: Flask, tmp_path: Path, monkeypatch: Patch) -> Path:
    """Files as `run.py` lets the site create them, and an instance folder of the test."""
    if database := make_url(app.config["SQLALCHEMY_DATABASE_URI"]).database:
        for file in Path(database).parent.glob("*.db*"):
            file.chmod(0o600)
    monkeypatch.setattr(app, "instance_path", str(tmp_path / "instance"))
    return tmp_path / "instance"


@pytest.fixture
def site(database_url: str, tmp_path: Path, private: Path) -> Iterator[Flask]:
    """A site without faults."""
    site = make_app(database_url, SECRET_KEY=KEY, BACKUP_FOLDER=str(tmp_path))
    site.instance_path = str(private)
    make_backup(tmp_path)
    heartbeat.record()
    yield site
    queue.storage.flush_all()


def doctor(site: Flask) -> Result:
    """Run in a fresh context, as on a command line."""
    return contextvars.Context().run(site.test_cli_runner().invoke, args=["doctor"])


def faults(site: Flask) -> dict[str, str]:
    """The line of each check that is not ok."""
    result = doctor(site)
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    found = {name: line for state, line in lines for name in [line[:12].strip()] if state != "ok"}
    assert result.exit_code == bool(found), result.output
    return found


def test_a_site_without_faults_has_a_line_for_each_check(site: Flask) -> None:
    output = doctor(site).output
    assert faults(site) == {}
    assert output.count("\n") >= 11
    assert KEY not in output


def weak_key(site: Flask, _patch: Patch) -> None:
    site.config["SECRET_KEY"] = "secret-secret-secret-secret-secret"


def development_mode_in_public(site: Flask, _patch: Patch) -> None:
    site.config |= {"SHOW_MAIL_LINKS": True, "SITE_URL": "https://blog.example.org",
                    "TRUSTED_PROXIES": 1, "MAIL_SERVER": ""}  # fmt: skip


def no_limits(site: Flask, _patch: Patch) -> None:
    site.config["RATELIMIT_ENABLED"] = False


def full_disk(_site: Flask, patch: Patch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _path: DiskUsage(10**12, 0, 10**6))


def pictures_inside_the_program(site: Flask, _patch: Patch) -> None:
    site.config["MEDIA_FOLDER"] = Path(site.root_path, "static")


def unwritable_folder(site: Flask, patch: Patch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _path: DiskUsage(10**12, 0, 10**12))
    site.config["MEDIA_FOLDER"] = Path("/proc/self")  # not even for root


def slow_clock(_site: Flask, _patch: Patch) -> None:
    make_post(make_user("author"), created_at=now() + timedelta(minutes=1))


def no_worker(_site: Flask, _patch: Patch) -> None:
    queue.put(heartbeat.KEY, now() - timedelta(hours=1))


def no_redis(site: Flask, _patch: Patch) -> None:
    site.config["REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"


def no_backups(site: Flask, _patch: Patch) -> None:
    site.config["BACKUP_FOLDER"] = None


def https_without_proxy(site: Flask, _patch: Patch) -> None:
    site.config |= {"SITE_URL": "https://blog.example.org", "MAIL_SERVER": ""}


def forgeable_addresses(site: Flask, _patch: Patch) -> None:
    site.config["TRUSTED_PROXIES"] = 1


def unreachable_mail_server(site: Flask, _patch: Patch) -> None:
    site.extensions["mail"].server = LOOPBACK
    site.extensions["mail"].port = free_port()
    site.config["MAIL_SERVER"] = LOOPBACK


@pytest.mark.parametrize(
    ("break_site", "check", "remedy"),
    [
        (weak_key, "key", "secrets.token_urlsafe"),
        (development_mode_in_public, "settings", "FLASKBLOG_ENV=production"),
        (no_limits, "settings", "RATELIMIT_ENABLED"),
        (full_disk, "disk", "Make room"),
        (pictures_inside_the_program, "folders", "MEDIA_FOLDER"),
        (unwritable_folder, "folders", "chown"),
        (slow_clock, "clock", "chrony"),
        (no_worker, "worker", "flask --app run worker"),
        (no_redis, "redis", "REDIS_URL"),
        (no_backups, "backup", "BACKUP_FOLDER"),
        (https_without_proxy, "proxy", "Set TRUSTED_PROXIES"),
        (forgeable_addresses, "proxy", "SITE_URL"),
        (unreachable_mail_server, "mail server", "MAIL_"),
    ],
)
def test_each_fault_is_reported_by_its_check_with_a_remedy(
    site: Flask,
    monkeypatch: Patch,
    break_site: Callable[[Flask, Patch], None],
    check: str,
    remedy: str,
) -> None:
    break_site(site, monkeypatch)
    found = faults(site)
    assert check in found, found
    assert remedy in found[check]
    assert found.keys() <= {check, "mail server"}


@pytest.mark.parametrize(
    ("place", "pattern"),
    [
        ("secret_key", "secret_key*"),
        ("mail/1-reset_password.eml", "mail/*"),
        ("backups/flaskblog-20260101T030000Z.tar.gz", "backups/*.tar.gz"),
    ],
)
def test_a_file_that_others_can_read_is_reported(
    site: Flask, tmp_path: Path, place: str, pattern: str
) -> None:
    file = tmp_path / "instance" / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    file.chmod(0o640)
    assert f"chmod go-rwx {tmp_path / 'instance' / pattern}" in faults(site)["permissions"]
    file.chmod(0o600)
    assert faults(site) == {}


def test_a_database_that_others_can_read_is_reported(site: Flask, tmp_path: Path) -> None:
    site.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'blog.db'}"
    for name in ("blog.db", "blog.db-wal", "blog.queue.db"):
        file = tmp_path / name
        file.touch()
        file.chmod(0o604)
        assert f"chmod go-rwx {tmp_path}/blog*.db*" in faults(site)["permissions"]
        file.unlink()
    assert faults(site) == {}


def test_a_folder_that_others_can_write_into_is_reported(site: Flask, tmp_path: Path) -> None:
    tmp_path.chmod(0o757)
    assert f"chmod o-w {tmp_path}" in faults(site)["permissions"]
    tmp_path.chmod(0o1777)  # as /tmp, where nobody replaces another's files
    assert faults(site) == {}


def test_a_refused_mail_password_is_reported_and_not_shown(
    app: Flask, use_mail_server: UseMailServer, tmp_path: Path, monkeypatch: Patch
) -> None:
    heartbeat.record()
    make_backup(tmp_path)
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path)
    monkeypatch.setitem(app.config, "SECRET_KEY", KEY)
    mailbox = Mailbox()
    account = only("me", "right")
    with serving(mailbox, authenticator=account, auth_require_tls=False) as port:
        use_mail_server(port, MAIL_USERNAME="me", MAIL_PASSWORD="wrong-and-secret")
        line = faults(app)["mail server"]
        assert "MAIL_USERNAME and MAIL_PASSWORD" in line
        assert "wrong-and-secret" not in line
        use_mail_server(port, MAIL_USERNAME="me", MAIL_PASSWORD="right")
        assert faults(app) == {}
    assert mailbox.messages == []
    queue.storage.flush_all()


def test_missing_tables_are_reported_as_a_missing_migration(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(queue, "storage", queue.storage)
    monkeypatch.setattr(queue, "app", queue.app)
    site = make_app(f"sqlite:///{tmp_path / 'own.db'}", SECRET_KEY=KEY)
    found = faults(site)
    assert "not migrated" in found["schema"]
    assert "flask --app run upgrade" in found["schema"]
    assert not [line for line in found.values() if "DATABASE_URL" in line]
    assert "until the database is migrated" in found["mail"]


def test_an_old_schema_and_a_missing_database_are_reported(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(queue, "storage", queue.storage)
    monkeypatch.setattr(queue, "app", queue.app)
    site = make_app(f"sqlite:///{tmp_path / 'own.db'}", SECRET_KEY=KEY)
    with site.app_context():
        upgrade()
        downgrade(revision="-1")
        heartbeat.record()
        found = faults(site)
        assert "flask --app run upgrade" in found["schema"]
        assert "until the database is migrated" in found["mail"]
        db.engine.dispose()
    queue.storage.close()
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "own.db").mkdir()
    found = faults(site)
    assert "DATABASE_URL" in found["database"]
    assert "Unknown" in found["schema"]
