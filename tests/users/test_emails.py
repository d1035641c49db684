"""E-mails to members: recipients, texts and links."""

import stat
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formataddr
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Mail, User
from flaskblog.models.mail import Template
from flaskblog.users import emails
from tests.support.factories import make_user
from tests.support.outbox import add_mail
from tests.support.smtp_server import Mailbox, UseMailServer, serving

LINK = "https://blog.example.org/reset_password/a-token"


@pytest.fixture(autouse=True)
def _known_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emails, "reset_link", lambda _user: LINK)


def deliver(mail: Mail) -> None:
    db.session.add(mail)
    db.session.commit()
    outbox.deliver_due()


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content().replace("\r\n", "\n"), html.get_content()


def test_a_reset_link_is_sent_to_the_address_of_the_account(mailbox: Mailbox) -> None:
    make_user("reader", email="Reader@bücher.example")
    deliver(Mail.to("READER@xn--bcher-kva.example", "reset_password"))
    assert mailbox.recipients == ["Reader@xn--bcher-kva.example"]
    [message] = mailbox.messages
    plain, html = parts(message)
    assert message["Subject"] == "Reset your password for Flaskblog"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert plain.startswith("Hello reader,")
    assert f"\n{LINK}\n" in plain
    assert f'href="{LINK}"' in html


@pytest.mark.parametrize("template", ["reset_password", "address_changed", "password_changed"])
def test_an_email_shows_the_site_and_has_a_button_with_its_address_below(
    mailbox: Mailbox, template: Template
) -> None:
    make_user("reader")
    context = {"username": "reader", "new_address": "new@example.com"}
    deliver(Mail.to("reader@example.org", template, **context))
    plain, html = parts(mailbox.messages[0])
    page = BeautifulSoup(html, "html5lib")
    assert page.body is not None
    first, *_ = page.body.stripped_strings
    assert first == "Flaskblog"
    link = str(page.select("a")[0]["href"])
    assert link in page.body.stripped_strings
    assert f"\n{link}\n" in plain


def test_a_reset_for_an_unknown_address_sends_nothing(
    mailbox: Mailbox,
) -> None:
    deliver(Mail.to("stranger@example.org", "reset_password"))
    assert mailbox.messages == []
    assert db.session.scalars(select(Mail)).all() == []


def test_tokens_are_not_stored(mailbox: Mailbox) -> None:
    make_user("reader")
    mailbox.answer = "451 4.3.0 Not now"
    deliver(Mail.to("reader@example.org", "reset_password"))
    [row] = db.session.scalars(select(Mail))
    assert row.attempts == 1
    assert "a-token" not in repr({column: getattr(row, column.key) for column in Mail.__table__.c})


def test_the_old_address_is_notified_with_the_new_one_masked(mailbox: Mailbox) -> None:
    context = {"username": "reader", "new_address": "new@example.com"}
    deliver(Mail.to("old@example.org", "address_changed", **context))
    assert mailbox.recipients == ["old@example.org"]
    [message] = mailbox.messages
    for body in parts(message):
        assert "n***@example.com" in body
        assert "new@example.com" not in body


def test_a_changed_password_is_reported_even_if_the_account_is_gone(
    app: Flask, mailbox: Mailbox
) -> None:
    deliver(Mail.to("reader@example.org", "password_changed", username="reader"))
    assert mailbox.recipients == ["reader@example.org"]
    [message] = mailbox.messages
    assert message["Subject"] == "Your password for Flaskblog was changed"
    link = f"{app.config['SITE_URL']}/reset_password"
    plain, html = parts(message)
    assert f"\n{link}\n" in plain
    assert f'href="{link}"' in html


def test_usernames_are_escaped_in_html(mailbox: Mailbox) -> None:
    context = {"username": "<b>reader</b>", "new_address": "n@example.com"}
    deliver(Mail.to("old@example.org", "address_changed", **context))
    plain, html = parts(mailbox.messages[0])
    assert "Hello <b>reader</b>" in plain
    assert "Hello &lt;b&gt;reader&lt;/b&gt;" in html


def test_all_attempts_have_the_same_message_id(mailbox: Mailbox) -> None:
    row = add_mail()
    message = outbox.compose(row)
    assert message is not None
    outbox.send(message, row.reference)
    outbox.send(message, row.reference)
    first, second = (message["Message-ID"] for message in mailbox.messages)
    assert first == second
    assert first.endswith("@localhost>")


def test_the_name_of_the_site_may_contain_any_character(
    app: Flask, use_mail_server: UseMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = 'Bücher, "Blätter" & mehr'
    monkeypatch.setitem(app.jinja_env.globals, "site_name", name)
    # Loaded templates have copies of the globals.
    monkeypatch.setattr(app.jinja_env, "cache", {})
    with serving(mailbox := Mailbox()) as port:
        sender = formataddr((name, "noreply@blog.example.org"))
        use_mail_server(port, SITE_NAME=name, MAIL_DEFAULT_SENDER=sender)
        add_mail()
        outbox.deliver_due()
    [message] = mailbox.messages
    plain, html = parts(message)
    assert "BODY=8BITMIME" in mailbox.options
    assert message["From"].addresses[0].display_name == name
    assert message["Subject"] == f"Your e-mail address for {name} was changed"
    assert f"the administrators of {name}." in plain
    assert "Bücher, &#34;Blätter&#34; &amp; mehr" in html


def test_without_a_mail_server_each_mail_is_a_private_file(
    app: Flask,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = tmp_path / "mail"
    monkeypatch.setitem(app.config, "MAIL_FOLDER", folder)
    make_user("reader")
    deliver(Mail.to("reader@example.org", "reset_password"))
    [path] = folder.iterdir()
    assert path.name.endswith("-reset_password.eml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["To"] == "reader@example.org"
    assert LINK.encode() in path.read_bytes()
    assert "a-token" not in capsys.readouterr().out + caplog.text

    monkeypatch.setitem(app.config, "SHOW_MAIL_LINKS", True)
    deliver(Mail.to("reader@example.org", "reset_password"))
    lines = capsys.readouterr().out.split("\n")
    assert [line for line in lines if "reader@example.org" in line and line.endswith(LINK)]


def test_a_deleted_account_gets_no_mail(mailbox: Mailbox) -> None:
    user = make_user("reader")
    db.session.add(Mail.to("reader@example.org", "reset_password"))
    db.session.delete(db.session.get_one(User, user.id))
    db.session.commit()
    outbox.deliver_due()
    assert mailbox.messages == []
