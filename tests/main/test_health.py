"""What operators and their machines ask: does it live, is it ready, how is it doing."""

import re
import shutil
from collections import namedtuple
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError

from flaskblog import health, heartbeat, worker
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.models import Mail
from tests.client import Client, browser
from tests.conftest import make_app
from tests.live import free_port

Usage = namedtuple("Usage", ["total", "used", "free"])
TOKEN = "a token for the tests"


def make_backup(folder: Path, age: timedelta = timedelta()) -> None:
    """A name is enough: what bears it has been verified."""
    (folder / f"flaskblog-{now() - age:%Y%m%dT%H%M%SZ}.tar.gz").touch()


@pytest.fixture(autouse=True)
def _all_is_well(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A worker that lives, and a backup of last night."""
    (tmp_path / "backups").mkdir()
    make_backup(tmp_path / "backups")
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path / "backups")
    heartbeat.beat()
    yield
    queue.storage.flush_all()


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


def test_a_site_that_is_well_says_so_check_by_check(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["status"] == "ready"
    assert {"database", "schema", "worker", "disk", "mail"} <= answer.json["checks"].keys()
    assert states(client) == {}
    assert all(check["told"] for check in answer.json["checks"].values())


def test_a_lost_database_makes_it_not_ready_but_it_lives_and_tells_no_secret(
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


def test_a_schema_that_is_not_the_newest_makes_it_not_ready(own_app: Flask) -> None:
    client = browser(own_app)
    assert client.get("/readyz").status_code == 503
    with own_app.app_context():
        upgrade()
    assert client.get("/readyz").status_code == 200
    with own_app.app_context():
        downgrade(revision="-1")
    assert client.get("/readyz").status_code == 503
    assert states(client)["schema"] == "failing"


def test_a_worker_that_is_silent_is_told_while_the_site_serves_on(client: Client) -> None:
    queue.put(heartbeat.KEY, now() - timedelta(minutes=4))
    assert states(client) == {"worker": "warning"}
    assert client.get("/readyz").status_code == 200
    worker.beat.call_local()
    assert states(client) == {}
    queue.storage.flush_all()
    assert states(client) == {"worker": "warning"}


def test_a_beat_of_the_worker_leaves_the_database_alone(own_app: Flask) -> None:
    url = own_app.config["SQLALCHEMY_DATABASE_URI"]
    with own_app.app_context():
        upgrade()
    engine = create_engine(url)
    with engine.connect() as connection:
        before = connection.exec_driver_sql("PRAGMA data_version").scalar()
        heartbeat.beat()
        browser(own_app).get("/readyz")
        assert connection.exec_driver_sql("PRAGMA data_version").scalar() == before
    engine.dispose()


def test_tasks_that_pile_up_are_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LONGEST_QUEUE", 1)
    for _ in range(2):
        worker.sweep_outbox()
    assert states(client) == {"worker": "warning"}


@pytest.mark.parametrize(
    ("free", "state"), [(2 * 1024**3, {}), (1024**2, {"disk": "failing"}),
                        (500 * 1024**2, {"disk": "warning"})]
)  # fmt: skip
def test_a_disk_that_fills_up_is_told_in_time(
    client: Client, monkeypatch: pytest.MonkeyPatch, free: int, state: dict[str, str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 0, free))
    assert states(client) == state


def test_a_redis_that_is_away_is_told_while_the_site_serves_on(
    app: Flask, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    assert states(client) == {"redis": "warning"}
    assert client.get("/readyz").status_code == 200


def test_the_age_of_the_last_verified_backup_is_told(
    app: Flask, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", tmp_path)
    assert states(client) == {"backup": "warning"}
    assert "backup_age_seconds" not in client.get("/metrics").text
    for hours, told in ((37, {"backup": "warning"}), (35, {})):
        make_backup(tmp_path, timedelta(hours=hours))
        assert states(client) == told
    age = re.search(r"^flaskblog_backup_age_seconds (\S+)$", client.get("/metrics").text, re.M)
    assert age is not None
    assert float(age[1]) == pytest.approx(35 * 3600, abs=60)


def test_mails_that_wait_long_or_were_given_up_are_told(client: Client) -> None:
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
    assert "given up" in client.get("/readyz").text


def test_machines_may_ask_by_number_for_these_alone(client: Client) -> None:
    by_number = {"Host": "10.1.2.3:5000"}
    assert client.get("/livez", headers=by_number).status_code == 200
    assert client.get("/readyz", headers=by_number).status_code == 200
    assert client.get("/about", headers=by_number).status_code == 400


@pytest.mark.usefixtures("writer")
def test_requests_are_counted_by_endpoint_and_status_with_their_latencies(
    database_url: str,
) -> None:
    client = browser(make_app(database_url))
    for address in ("/user/writer", "/user/writer", "/user/nobody", "/a-word-of-mine"):
        client.get(address)
    text = client.get("/metrics").text
    assert 'flaskblog_requests_total{endpoint="users.profile",status="200"} 2.0' in text
    assert 'flaskblog_requests_total{endpoint="users.profile",status="404"} 1.0' in text
    assert 'flaskblog_requests_total{endpoint="none",status="404"} 1.0' in text
    assert 'flaskblog_request_seconds_bucket{endpoint="users.profile",le="10.0"} 2.0' in text
    assert "a-word-of-mine" not in text


def test_queue_mails_disk_and_every_check_have_a_number(client: Client) -> None:
    queue.storage.flush_queue()
    worker.sweep_outbox()
    failed = Mail.to("reader@example.org", "reset_password")
    failed.failed_at = now()
    db.session.add_all([failed, Mail.to("reader@example.org", "reset_password")])
    db.session.commit()
    lines = client.get("/metrics").text.splitlines()
    assert {"flaskblog_queue_length 1.0", "flaskblog_mails_waiting 1.0",
            "flaskblog_mails_failed 1.0", 'flaskblog_check_state{check="database"} 0.0',
            'flaskblog_check_state{check="mail"} 1.0'} <= set(lines)  # fmt: skip
    assert any(line.startswith("flaskblog_disk_free_bytes ") for line in lines)


@pytest.mark.parametrize("proxies", ["0", "1"])
@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("", {}, 404),
        ("203.0.113.9", {}, 404),
        ("203.0.113.9", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9", "Authorization": f"Bearer {TOKEN}"}, 200),
        ("203.0.113.9", {"Authorization": "Bearer "}, 404),
        ("203.0.113.9", {"Authorization": TOKEN}, 404),
        ("203.0.113.9", {"Authorization": "Bearer \xe4"}, 404),
    ],
)
def test_numbers_are_for_this_machine_and_for_the_token(
    database_url: str, proxies: str, peer: str, headers: dict[str, str], status: int
) -> None:
    client = browser(make_app(database_url, METRICS_TOKEN=TOKEN, TRUSTED_PROXIES=proxies))
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status


def test_without_a_token_of_the_site_none_fits(database_url: str) -> None:
    client = browser(make_app(database_url))
    answer = client.get(
        "/metrics",
        headers={"Authorization": "Bearer "},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert answer.status_code == 404
