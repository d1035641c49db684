"""Health checks: `/livez` and `/readyz`."""

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.models import Mail
from flaskblog.monitoring import health, heartbeat, recent_events
from flaskblog.monitoring.recent_events import restarts
from flaskblog.serving import worker
from tests.conftest import make_app
from tests.support.client import Client, browser
from tests.support.installation import DiskUsage, make_backup
from tests.support.jobs import run_job
from tests.support.processes import free_port

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def own_app(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A site with a database of its own, which is empty."""
    monkeypatch.setattr(queue, "storage", queue.storage)
    monkeypatch.setattr(queue, "app", queue.app)
    own_app = make_app(f"sqlite:///{tmp_path}/own.db")
    yield own_app
    queue.storage.close()


def states(client: Client) -> dict[str, str]:
    checks = client.get("/readyz").json["checks"]  # type: ignore[index]
    return {name: check["state"] for name, check in checks.items() if check["state"] != "ok"}


def test_a_healthy_site_is_ready(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "ready"
    assert {"database", "schema", "worker", "disk", "mail"} <= answer.json["checks"].keys()
    assert states(client) == {}
    assert all(check["told"] for check in answer.json["checks"].values())


def test_an_unavailable_database_fails_readiness_but_not_liveness_and_reveals_no_secret(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("host db user me password hush"))

    monkeypatch.setattr(type(db.engine), "connect", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "hush" not in answer.text
    assert states(client)["database"] == "failing"
    assert client.get("/livez").status_code == 200
    lines = client.get("/metrics").text.splitlines()
    assert 'flaskblog_check_state{check="database"} 2.0' in lines
    assert not any(line.startswith("flaskblog_mails_waiting") for line in lines)


def test_an_old_schema_fails_readiness(own_app: Flask) -> None:
    client = browser(own_app)
    assert client.get("/readyz").status_code == 503
    with own_app.app_context():
        upgrade()
    assert client.get("/readyz").status_code == 200
    with own_app.app_context():
        downgrade(revision="-1")
    assert client.get("/readyz").status_code == 503
    assert states(client)["schema"] == "failing"


def test_a_missing_heartbeat_is_a_warning(app: Flask, client: Client) -> None:
    queue.put(heartbeat.KEY, now() - timedelta(minutes=4))
    assert states(client) == {"worker": "warning"}
    assert client.get("/readyz").status_code == 200
    run_job(app, worker.record_heartbeat)
    assert states(client) == {}
    queue.storage.flush_all()
    assert states(client) == {"worker": "warning"}


def test_a_heartbeat_does_not_change_the_database(own_app: Flask) -> None:
    url = own_app.config["SQLALCHEMY_DATABASE_URI"]
    with own_app.app_context():
        upgrade()
    engine = create_engine(url)
    with engine.connect() as connection:
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
        heartbeat.record()
        browser(own_app).get("/readyz")
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before
    engine.dispose()


def test_a_restarted_process_is_a_warning_for_an_hour(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("worker", "web", "worker"):
        restarts.record(name)
    assert states(client) == {"processes": "warning"}
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert "web 1 time, worker 2 times" in answer.text
    later = now() + timedelta(hours=1)
    monkeypatch.setattr(recent_events, "now", lambda: later)
    assert states(client) == {}
    restarts.record("worker")
    assert queue.get(restarts.key, peek=True) == [("worker", later)], "earlier ones are deleted"


def test_a_long_queue_is_a_warning(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MAX_QUEUE_LENGTH", 1)
    for _ in range(2):
        worker.deliver_mail()
    assert states(client) == {"worker": "warning"}


@pytest.mark.parametrize(
    ("free", "state"), [(2 * 1024**3, {}), (1024**2, {"disk": "failing"}),
                        (500 * 1024**2, {"disk": "warning"})]
)  # fmt: skip
def test_low_disk_space_is_a_warning_then_a_failure(
    client: Client, monkeypatch: pytest.MonkeyPatch, free: int, state: dict[str, str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: DiskUsage(10**12, 0, free))
    assert states(client) == state


def test_an_unavailable_redis_is_a_warning(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert states(client) == {"redis": "warning"}
    assert client.get("/readyz").status_code == 200


def test_an_old_backup_is_a_warning(
    app: Flask, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path)
    assert states(client) == {"backup": "warning"}
    assert "backup_age_seconds" not in client.get("/metrics").text
    for hours, expected in ((37, {"backup": "warning"}), (35, {})):
        make_backup(tmp_path, timedelta(hours=hours))
        assert states(client) == expected
    age = re.search(r"^flaskblog_backup_age_seconds (\S+)$", client.get("/metrics").text, re.M)
    assert age is not None
    assert float(age[1]) == pytest.approx(35 * 3600, abs=60)


def test_delayed_and_failed_mails_are_a_warning(client: Client) -> None:
    mail = Mail.to("reader@example.org", "reset_password")
    db.session.add(mail)
    db.session.commit()
    assert states(client) == {}
    mail.created_at = now() - timedelta(minutes=16)
    db.session.commit()
    assert states(client) == {"mail": "warning"}
    mail.failed_at = now()
    db.session.commit()
    assert states(client) == {"mail": "warning"}
    assert "failed within a month" in client.get("/readyz").text


def test_only_health_checks_accept_an_ip_address_as_host(client: Client) -> None:
    by_address = {"Host": "10.1.2.3:5000"}
    assert client.get("/livez", headers=by_address).status_code == 200
    assert client.get("/readyz", headers=by_address).status_code == 200
    assert client.get("/about", headers=by_address).status_code == 400
