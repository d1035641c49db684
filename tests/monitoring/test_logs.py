"""The log: one line for each request, and no secrets."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import User
from flaskblog.monitoring import logs
from tests.conftest import make_app
from tests.support.client import Client, browser, read
from tests.support.factories import PASSWORD
from tests.support.processes import free_port, started
from tests.support.smtp_server import Mailbox

Lines = list[dict[str, object]]


@pytest.fixture
def site(database_url: str) -> Iterator[Flask]:
    """With JSON lines, and error pages instead of raised exceptions."""
    app = make_app(database_url, LOG_FORMAT="json", LOG_LEVEL="DEBUG")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    logs.configure("console", "INFO")


def log_lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_request_is_one_line_with_its_id_user_and_duration(
    site: Flask, author: User, capsys: pytest.CaptureFixture[str]
) -> None:
    client = browser(site)
    client.log_in(author)
    capsys.readouterr()
    answer = client.get("/account?next=/secret")
    [line] = log_lines(capsys)
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["rule"], line["endpoint"], line["status"], line["user_id"]) == (
        "GET", "/account", "users.account", 200, author.id,
    )  # fmt: skip
    assert isinstance(line["milliseconds"], float)
    assert "secret" not in str(line)


def test_a_request_of_a_visitor_for_an_unknown_path_logs_neither_user_nor_path(
    site: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    browser(site).get("/a-word-nobody-should-read")
    [line] = log_lines(capsys)
    assert (line["status"], line["rule"], line["user_id"]) == (404, None, None)
    assert "a-word" not in str(line)


def test_the_request_id_is_unique_and_not_taken_from_the_client(client: Client) -> None:
    claimed = {"X-Request-ID": "forged"}
    numbers = {client.get("/login", headers=claimed).headers["X-Request-ID"] for _ in range(2)}
    assert len(numbers) == 2
    assert "forged" not in numbers


def test_health_checks_and_static_files_are_not_logged(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = browser(make_app(database_url))
    for address in ("/livez", "/static/favicon.svg"):
        client.get(address)
    assert capsys.readouterr().err == ""
    client.get("/about")
    assert "endpoint=main.about" in capsys.readouterr().err


def test_every_line_of_a_failed_request_has_the_id_shown_on_its_page(
    site: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    def _break() -> str:
        logging.getLogger("a.library").warning("it creaks")
        raise RuntimeError("it broke")

    site.view_functions["main.about"] = _break
    answer = browser(site).get("/about")
    number = read(answer).select_one("main code")
    lines = log_lines(capsys)
    assert number is not None
    assert {line["request_id"] for line in lines} == {number.text, answer.headers["X-Request-ID"]}
    assert [line["level"] for line in lines] == ["warning", "error", "info"]
    assert "RuntimeError: it broke" in str(lines[1]["exception"])


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_password_token_cookie_or_mailed_link_is_logged(
    site: Flask,
    author: User,
    mailbox: Mailbox,
    capsys: pytest.CaptureFixture[str],
    log_format: str,
) -> None:
    def _break(**_values: object) -> str:
        db.session.execute(text("SELECT :planted FROM nowhere"), {"planted": PASSWORD})
        return ""

    logs.configure(log_format, "DEBUG")
    client = browser(site)
    client.log_in(author)
    client.post("/login", data={"email": "author", "password": "wrong-but-nearly"})
    client.submit("/account/password", current_password=PASSWORD, password="changed to this one",
                  confirm_password="changed to this one")  # fmt: skip
    browser(site).submit("/reset_password", email=author.email)
    outbox.deliver_due()
    link = re.search(r"/reset_password/(\S+)", str(mailbox.messages[-1].get_body(("plain",))))
    assert link is not None
    client.get(link[0])
    for endpoint in ("users.choose_password", "users.login"):
        site.view_functions[endpoint] = _break
    assert client.get(link[0]).status_code in {500, 503}
    assert client.get(f"/login?password={PASSWORD}").status_code in {500, 503}
    cookie = client.get_cookie("session")
    assert cookie is not None
    lines = capsys.readouterr().err
    assert "endpoint" in lines
    assert "Traceback" in lines
    planted = [PASSWORD, "wrong-but-nearly", "changed to this one", link[1], cookie.value]
    assert [secret for secret in planted if secret in lines] == []


@pytest.mark.server
def test_server_worker_and_migrations_log_in_the_same_format(tmp_path: Path) -> None:
    settings = {"PORT": str(free_port()), "LOG_FORMAT": "json",
                "DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "run", "start"]
    with started(command, tmp_path / "output.txt", settings) as live:
        live.address()
    loggers = {json.loads(line)["logger"] for line in live.output.splitlines()}
    assert {"_granian", "alembic.runtime.migration", "flaskblog.serving.service"} <= loggers
