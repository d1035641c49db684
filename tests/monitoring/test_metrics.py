"""Metrics for Prometheus: `/metrics`."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.models import Mail, User
from flaskblog.serving import worker
from tests.conftest import make_app
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD

pytestmark = pytest.mark.usefixtures("healthy")
TOKEN = "a token for the tests"


@pytest.mark.usefixtures("author")
def test_requests_are_counted_by_endpoint_and_status(
    database_url: str,
) -> None:
    client = browser(make_app(database_url))
    for address in ("/user/author", "/user/author", "/user/nobody", "/a-word-of-mine"):
        client.get(address)
    text = client.get("/metrics").text
    assert 'flaskblog_requests_total{endpoint="users.profile",status="200"} 2.0' in text
    assert 'flaskblog_requests_total{endpoint="users.profile",status="404"} 1.0' in text
    assert 'flaskblog_requests_total{endpoint="none",status="404"} 1.0' in text
    assert "a-word-of-mine" not in text


def test_the_duration_of_requests_is_observed(database_url: str) -> None:
    client = browser(make_app(database_url))
    for _ in range(2):
        client.get("/login")
    text = client.get("/metrics").text
    assert 'flaskblog_request_seconds_bucket{endpoint="users.login",le="10.0"} 2.0' in text


def test_queue_mails_disk_and_checks_have_gauges(client: Client) -> None:
    queue.storage.flush_queue()
    worker.deliver_mail()
    failed = Mail.to("reader@example.org", "reset_password")
    failed.failed_at = now()
    db.session.add_all([failed, Mail.to("reader@example.org", "reset_password")])
    db.session.commit()
    lines = client.get("/metrics").text.splitlines()
    assert {"flaskblog_queue_length 1.0", "flaskblog_mails_waiting 1.0",
            "flaskblog_mails_failed 1.0", 'flaskblog_check_state{check="database"} 0.0',
            'flaskblog_check_state{check="mail"} 1.0'} <= set(lines)  # fmt: skip
    assert any(line.startswith("flaskblog_disk_free_bytes ") for line in lines)


def test_the_version_is_that_of_the_project(client: Client, project: Path) -> None:
    version = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    assert f'flaskblog_build_info{{version="{version}"}} 1.0' in client.get("/metrics").text


def test_failed_log_ins_are_counted(database_url: str, author: User) -> None:
    client = browser(make_app(database_url))
    for login, password in (("author", "wrong"), ("nobody", PASSWORD), ("author", PASSWORD)):
        client.submit("/login", email=login, password=password)
    assert author.username == "author"
    assert "flaskblog_failed_log_ins_total 2.0" in browser(client.application).get("/metrics").text


def test_database_memory_and_oldest_mail_have_gauges(client: Client) -> None:
    mail = Mail.to("reader@example.org", "reset_password")
    mail.created_at = now() - timedelta(hours=1)
    db.session.add(mail)
    db.session.commit()
    text = client.get("/metrics").text
    assert value(text, "queue_oldest_seconds") == pytest.approx(3600, abs=60)
    assert value(text, "database_size_bytes") > 50_000
    assert value(text, 'database_pool_connections{state="in use"}') >= 0
    assert value(text, 'database_pool_connections{state="idle"}') >= 0
    for process in ("web", "worker"):
        size = value(text, f'process_resident_memory_bytes{{process="{process}"}}')
        assert 10_000_000 < size < 10_000_000_000


def value(text: str, name: str) -> float:
    """The value of one sample of the site."""
    found = re.search(rf"^flaskblog_{re.escape(name)} (\S+)$", text, re.M)
    assert found is not None, text
    return float(found[1])


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
def test_metrics_are_for_this_machine_and_for_the_token(
    database_url: str, proxies: str, peer: str, headers: dict[str, str], status: int
) -> None:
    client = browser(make_app(database_url, METRICS_TOKEN=TOKEN, TRUSTED_PROXIES=proxies))
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == status


def test_an_empty_token_is_refused(database_url: str) -> None:
    client = browser(make_app(database_url))
    answer = client.get(
        "/metrics",
        headers={"Authorization": "Bearer "},
        environ_base={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert answer.status_code == 404
