"""The commands `mail …`."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.models import Mail
from tests.support.commands import run_command
from tests.support.processes import free_port
from tests.support.smtp_server import ACCEPTED, Mailbox, UseMailServer


def run(app: Flask, *arguments: str) -> Result:
    return run_command(app, "mail", *arguments)


def test_a_test_mail_is_sent_and_the_response_printed(app: Flask, mailbox: Mailbox) -> None:
    result = run(app, "test", "Reader@bücher.example")
    assert (result.exit_code, ACCEPTED in result.output) == (0, True)
    assert mailbox.recipients == ["Reader@xn--bcher-kva.example"]
    [message] = mailbox.messages
    assert message["Subject"] == "Test mail from Flaskblog"


def test_a_failure_is_reported_in_one_line(app: Flask, mailbox: Mailbox) -> None:
    mailbox.refused = {"gone@example.org": "550 5.1.1 No such user here"}
    result = run(app, "test", "gone@example.org")
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert "refused the recipient: 550 5.1.1 No such user here" in result.output


@pytest.mark.parametrize(
    "address", ["nobody", "a@example.org\nBcc: b@example.org", "ü@example.org"]
)
def test_an_invalid_address_is_an_error(app: Flask, mailbox: Mailbox, address: str) -> None:
    result = run(app, "test", address)
    assert result.exit_code == 1
    assert "cannot be mailed to" in result.output
    assert mailbox.messages == []


def test_without_a_mail_server_the_test_mail_is_written_to_a_file(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAIL_FOLDER", tmp_path / "mail")
    result = run(app, "test", "reader@example.org")
    [path] = (tmp_path / "mail").iterdir()
    assert result.exit_code == 0
    assert str(path) in result.output


def test_failed_mails_are_listed_and_retried(app: Flask, use_mail_server: UseMailServer) -> None:
    use_mail_server(free_port())
    failed = Mail.to("reader@example.org", "reset_password")
    failed.failed_at, failed.attempts, failed.last_error = now(), 30, "the server was on fire"
    db.session.add_all([failed, Mail.to("author@example.org", "reset_password")])
    db.session.commit()
    lines = run(app, "list").output.splitlines()
    assert len(lines) == 2
    assert "failed, 30 attempts  the server was on fire" in lines[0]
    assert "author@example.org  due at" in lines[1]

    assert run(app, "retry").output == "Retrying 1 mail.\n"
    db.session.refresh(failed)
    assert (failed.attempts, failed.last_error) == (0, "")
    assert "on fire" not in run(app, "list").output
    assert run(app, "retry").output == "Retrying no mails.\n"
