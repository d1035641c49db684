"""Metrics for Prometheus: `/metrics`."""

import pytest

from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.models import Mail
from flaskblog.serving import worker
from tests.conftest import make_app
from tests.support.client import Client, browser

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
