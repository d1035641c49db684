"""SMTP faults: silent servers, invalid certificates, refused messages."""

import smtplib
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from flaskblog.extensions import mailer
from flaskblog.mail import outbox
from flaskblog.mail.message import EmailMessage
from tests.support.processes import free_port
from tests.support.smtp_server import (
    ACCEPTED,
    LOOPBACK,
    Mailbox,
    UseMailServer,
    make_certificate,
    only,
    serving,
    silence,
)

MESSAGE = EmailMessage(template="test", recipient="reader@example.org", subject="A test")


def failure() -> tuple[OSError, str]:
    """The error of an attempt that must fail, and its explanation."""
    with pytest.raises(OSError) as caught:  # noqa: PT011 (callers check the type)
        outbox.send(MESSAGE, "reference")
    return caught.value, outbox.explain_failure(caught.value)


def test_a_silent_server_times_out(
    use_mail_server: UseMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (mailer.REPLY_TIMEOUT, mailer.MESSAGE_TIMEOUT) == (10, 25)
    assert outbox.LEASE.total_seconds() > mailer.MESSAGE_TIMEOUT
    monkeypatch.setattr(mailer, "REPLY_TIMEOUT", 0.2)
    with silence() as port:
        use_mail_server(port)
        begun = time.monotonic()
        error, message = failure()
    assert isinstance(error, TimeoutError)
    assert time.monotonic() - begun < 1
    assert "did not answer within 0.2 seconds" in message


def test_a_server_that_is_slow_at_every_step_times_out(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer, "MESSAGE_TIMEOUT", 0.3)
    mailbox.hold.clear()
    begun = time.monotonic()
    error, _message = failure()
    assert isinstance(error, TimeoutError)
    assert time.monotonic() - begun < 1


def test_sending_returns_the_reply_of_the_server(mailbox: Mailbox) -> None:
    assert outbox.send(MESSAGE, "reference") == ACCEPTED
    assert len(mailbox.messages) == 1


@pytest.mark.usefixtures("mailbox")
def test_an_accepted_message_counts_as_sent_even_if_quit_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def disconnect(host: smtplib.SMTP) -> None:
        host.close()
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "quit", disconnect)
    assert outbox.send(MESSAGE, "reference") == ACCEPTED


@pytest.mark.parametrize("setting", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
def test_mail_is_sent_over_tls_with_a_trusted_certificate_and_a_password(
    setting: str,
    use_mail_server: UseMailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailbox = Mailbox()
    certificate, context = make_certificate(tmp_path / "valid", f"IP:{LOOPBACK}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    options: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True, "auth_required": True}
        if setting == "MAIL_USE_TLS"
        else {"ssl_context": context, "auth_require_tls": False}
    )
    with serving(mailbox, authenticator=only("blog", "a password"), **options) as port:
        use_mail_server(port, **{setting: True}, MAIL_USERNAME="blog", MAIL_PASSWORD="a password")
        outbox.send(MESSAGE, "reference")
        use_mail_server(port, **{setting: True}, MAIL_USERNAME="blog", MAIL_PASSWORD="another")
        error, message = failure()
    assert len(mailbox.messages) == 1
    assert isinstance(error, smtplib.SMTPAuthenticationError)
    assert "refused MAIL_USERNAME and MAIL_PASSWORD" in message


@pytest.mark.parametrize("setting", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
@pytest.mark.parametrize("fault", ["untrusted", "of another host"])
def test_an_invalid_certificate_is_refused(
    setting: str,
    fault: str,
    use_mail_server: UseMailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailbox = Mailbox()
    name = f"IP:{LOOPBACK}" if fault == "untrusted" else "DNS:mail.example.org"
    certificate, context = make_certificate(tmp_path / "invalid", name)
    if fault == "of another host":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    options: dict[str, Any] = {
        "tls_context" if setting == "MAIL_USE_TLS" else "ssl_context": context
    }
    with serving(mailbox, **options) as port:
        use_mail_server(port, **{setting: True})
        error, message = failure()
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert "cannot be trusted" in message
    assert mailbox.messages == []


def test_no_mail_is_sent_without_tls_when_tls_is_required(
    mailbox: Mailbox, use_mail_server: UseMailServer
) -> None:
    with serving(mailbox) as port:
        use_mail_server(port, MAIL_USE_TLS=True)
        error, message = failure()
    assert isinstance(error, smtplib.SMTPNotSupportedError)
    assert "STARTTLS" in message
    assert mailbox.messages == []


def test_tls_to_a_plain_text_port_is_explained(
    mailbox: Mailbox, use_mail_server: UseMailServer
) -> None:
    with serving(mailbox) as port:
        use_mail_server(port, MAIL_USE_SSL=True)
        _error, message = failure()
    assert "MAIL_USE_TLS or MAIL_USE_SSL" in message


def test_an_unknown_host_and_a_closed_port_are_explained(
    use_mail_server: UseMailServer,
) -> None:
    use_mail_server(free_port())
    assert "refused the connection" in failure()[1]
    use_mail_server(25, MAIL_SERVER="nowhere.invalid")
    assert "nowhere.invalid:25, was not found" in failure()[1]


def test_a_reply_of_several_lines_is_logged_as_one(mailbox: Mailbox) -> None:
    mailbox.answer = "554-No\r\n554 \x1b[31mspam\x1b[0m here"
    message = failure()[1]
    assert "554 No" in message
    assert message.isprintable()
