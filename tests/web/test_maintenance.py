"""Maintenance mode: all processes respond with 503 until it ends."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade

from flaskblog.models import User
from flaskblog.web import maintenance
from tests.conftest import make_app
from tests.support.client import Client, browser, is_own_page
from tests.support.commands import run_command
from tests.support.factories import PASSWORD, make_post


@pytest.fixture
def closed(app: Flask) -> Iterator[None]:
    assert run_command(app, "maintenance", "on").exit_code == 0
    yield
    assert run_command(app, "maintenance", "off").exit_code == 0


def test_pages_are_closed_at_once_in_every_process_and_opened_again(
    app: Flask, database_url: str, author: User
) -> None:
    post = make_post(author).id
    other = make_app(database_url)  # has a cache of its own, like another host
    clients = [browser(app), browser(other), browser(app), browser(other)]
    for client in clients[2:]:
        client.start_session(author)
    addresses = ["/", f"/post/{post}", "/about", "/user/author"]
    for command, status in (("off", 200), ("on", 503), ("off", 200)):
        assert run_command(app, "maintenance", command).exit_code == 0
        for client in clients:
            assert {client.get(address).status_code for address in addresses} == {status}


@pytest.mark.usefixtures("closed")
def test_the_page_is_our_own_and_says_when_to_come_back(client: Client) -> None:
    for address in ("/", "/no-such-page", "/post/1", "/login"):
        answer = client.get(address)
        assert answer.status_code == 503
        assert is_own_page(answer)
        assert answer.headers["Retry-After"] == "300"
        assert "closed for maintenance" in answer.text
        assert "Come back" in answer.text
    assert client.get("/static/style.css").status_code == 200


@pytest.mark.usefixtures("closed")
def test_the_api_responds_with_a_problem(client: Client) -> None:
    answer = client.get("/api/posts")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "300"
    assert answer.json is not None
    assert answer.json["detail"] == "The site is closed for maintenance."


@pytest.mark.usefixtures("closed")
def test_nothing_is_written(client: Client, author_client: Client) -> None:
    for path in ("/post/new", "/login", "/register"):
        for someone in (client, author_client):
            answer = someone.post(path, data={"title": "t", "content": "c", "password": PASSWORD})
            assert answer.status_code == 503


@pytest.mark.usefixtures("closed")
def test_health_checks_and_metrics_are_open(client: Client) -> None:
    assert client.get("/livez").status_code == 200
    assert client.get("/metrics").status_code == 200
    checks = client.get("/readyz").json["checks"]  # type: ignore[index]
    assert checks["maintenance"]["state"] == "warning"


@pytest.mark.usefixtures("closed")
def test_commands_work(app: Flask) -> None:
    created = run_command(
        app, "users", "create", "keeper", "keeper@example.org", "--password", PASSWORD
    )
    assert created.exit_code == 0


def test_a_cached_page_asks_only_for_the_data_version(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/about")

    def refuse() -> None:
        raise AssertionError("a cached page asked for maintenance mode")

    monkeypatch.setattr(maintenance, "is_on", refuse)
    assert client.get("/about").status_code == 200


def test_a_database_without_the_table_is_open(empty_url: str) -> None:
    app = make_app(empty_url)
    with app.app_context():
        upgrade()
        downgrade(revision="0008")
        assert not maintenance.is_on()
        upgrade()
        maintenance.begin()
        assert maintenance.is_on()
