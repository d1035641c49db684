"""`flask --app run doctor` finds each fault that is planted, and says in its line what to do."""

import contextvars
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade

from flaskblog import heartbeat
from flaskblog.database import now
from flaskblog.extensions import db, queue
from tests.conftest import make_app
from tests.factories import make_post, make_user
from tests.main.test_health import Usage, make_backup
from tests.smtp import LOOPBACK, Mailbox, UseMailServer, free_port, only, serving

KEY = "Zq4vT8nX2kLw9RbY6mHs3JdF7cGp1AeU5oNi0tKx"
Patch = pytest.MonkeyPatch


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A site on which nothing is wrong."""
    site = make_app(database_url, SECRET_KEY=KEY, BACKUP_FOLDER=str(tmp_path))
    make_backup(tmp_path)
    heartbeat.beat()
    yield site
    queue.storage.flush_all()


def doctor(site: Flask) -> Result:
    """In a context of its own, as on a command line."""
    return contextvars.Context().run(site.test_cli_runner().invoke, args=["doctor"])


def faults(site: Flask) -> dict[str, str]:
    """The line of each check that is not content."""
    result = doctor(site)
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    told = {name: line for state, line in lines for name in [line[:12].strip()] if state != "ok"}
    assert result.exit_code == bool(told), result.output
    return told


def test_a_sound_site_has_a_line_for_each_check_and_no_fault(site: Flask) -> None:
    output = doctor(site).output
    assert faults(site) == {}
    assert output.count("\n") >= 11
    assert KEY not in output


def weak_key(site: Flask, _patch: Patch) -> None:
    site.config["SECRET_KEY"] = "secret-secret-secret-secret-secret"


def development_for_others(site: Flask, _patch: Patch) -> None:
    site.config |= {"SHOW_MAIL_LINKS": True, "SITE_URL": "https://blog.example.org",
                    "TRUSTED_PROXIES": 1, "MAIL_SERVER": ""}  # fmt: skip


def no_limits(site: Flask, _patch: Patch) -> None:
    site.config["RATELIMIT_ENABLED"] = False


def full_disk(_site: Flask, patch: Patch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 0, 10**6))


def pictures_in_the_program(site: Flask, _patch: Patch) -> None:
    site.config["MEDIA_FOLDER"] = Path(site.root_path, "static")


def unwritable_folder(site: Flask, patch: Patch) -> None:
    patch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 0, 10**12))
    site.config["MEDIA_FOLDER"] = Path("/proc/self")  # not even for root


def late_clock(_site: Flask, _patch: Patch) -> None:
    make_post(make_user("writer"), created_at=now() + timedelta(minutes=1))


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


def dead_mail_server(site: Flask, _patch: Patch) -> None:
    site.extensions["mail"].server = LOOPBACK
    site.extensions["mail"].port = free_port()
    site.config["MAIL_SERVER"] = LOOPBACK


@pytest.mark.parametrize(
    ("plant", "check", "remedy"),
    [
        (weak_key, "key", "secrets.token_urlsafe"),
        (development_for_others, "settings", "FLASKBLOG_ENV=production"),
        (no_limits, "settings", "RATELIMIT_ENABLED"),
        (full_disk, "disk", "Make room"),
        (pictures_in_the_program, "folders", "MEDIA_FOLDER"),
        (unwritable_folder, "folders", "chown"),
        (late_clock, "clock", "chrony"),
        (no_worker, "worker", "flask --app run worker"),
        (no_redis, "redis", "REDIS_URL"),
        (no_backups, "backup", "BACKUP_FOLDER"),
        (https_without_proxy, "proxy", "Set TRUSTED_PROXIES"),
        (forgeable_addresses, "proxy", "SITE_URL"),
        (dead_mail_server, "mail server", "MAIL_"),
    ],
)
def test_a_planted_fault_is_found_at_its_check_with_what_to_do(
    site: Flask, monkeypatch: Patch, plant: Callable[[Flask, Patch], None], check: str, remedy: str
) -> None:
    plant(site, monkeypatch)
    found = faults(site)
    assert check in found, found
    assert remedy in found[check]
    assert found.keys() <= {check, "mail server"}


def test_a_key_that_others_may_read_is_found(site: Flask, tmp_path: Path) -> None:
    site.instance_path = str(tmp_path)
    kept = tmp_path / "secret_key"
    kept.write_text(KEY)
    kept.chmod(0o644)
    assert "chmod 600" in faults(site)["key"]
    kept.chmod(0o600)
    assert faults(site) == {}


def test_a_refused_password_of_the_mail_server_is_found_and_not_shown(
    app: Flask, use_mail_server: UseMailServer, tmp_path: Path, monkeypatch: Patch
) -> None:
    heartbeat.beat()
    make_backup(tmp_path)
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path)
    monkeypatch.setitem(app.config, "SECRET_KEY", KEY)
    mailbox = Mailbox()
    account = only("me", "right")
    with serving(mailbox, authenticator=account, auth_require_tls=False) as port:
        use_mail_server(port, MAIL_USERNAME="me", MAIL_PASSWORD="wrong-and-secret")
        told = faults(app)["mail server"]
        assert "MAIL_USERNAME and MAIL_PASSWORD" in told
        assert "wrong-and-secret" not in told
        use_mail_server(port, MAIL_USERNAME="me", MAIL_PASSWORD="right")
        assert faults(app) == {}
    assert mailbox.messages == []
    queue.storage.flush_all()


def test_an_old_schema_and_then_no_database_at_all_are_found(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    monkeypatch.setattr(queue, "storage", queue.storage)
    monkeypatch.setattr(queue, "app", queue.app)
    site = make_app(f"sqlite:///{tmp_path / 'own.db'}", SECRET_KEY=KEY)
    with site.app_context():
        upgrade()
        downgrade(revision="-1")
        heartbeat.beat()
        assert "flask --app run db upgrade" in faults(site)["schema"]
        db.engine.dispose()
    queue.storage.close()
    for path in tmp_path.iterdir():
        path.unlink()
    (tmp_path / "own.db").mkdir()
    found = faults(site)
    assert "DATABASE_URL" in found["database"]
    assert "Unknown" in found["schema"]
