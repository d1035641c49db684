"""What the mail server does to us: silence, false certificates, refusals."""

import smtplib
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from flaskblog import outbox, smtp
from flaskblog.letters import Letter
from tests.smtp import (
    ACCEPTED,
    LOOPBACK,
    Mailbox,
    UseMailServer,
    free_port,
    make_certificate,
    only,
    serving,
    silence,
)

LETTER = Letter(template="test", recipient="reader@example.org", subject="A test")


def failure() -> tuple[OSError, str]:
    """The error of a sending that must fail, and how it is told."""
    with pytest.raises(OSError) as told:  # noqa: PT011 (which one is what the caller looks at)
        outbox.send(LETTER, "reference")
    return told.value, outbox.explain_failure(told.value)


def test_a_silent_server_is_left_after_the_time_limit(
    use_mail_server: UseMailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (smtp.ANSWER_LIMIT, smtp.MAIL_LIMIT) == (10, 25)
    assert outbox.LEASE.total_seconds() > smtp.MAIL_LIMIT
    monkeypatch.setattr(smtp, "ANSWER_LIMIT", 0.2)
    with silence() as port:
        use_mail_server(port)
        begun = time.monotonic()
        error, told = failure()
    assert isinstance(error, TimeoutError)
    assert time.monotonic() - begun < 1
    assert "did not answer within 0.2 seconds" in told


def test_a_server_that_is_slow_at_every_step_is_left_as_well(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MAIL_LIMIT", 0.3)
    mailbox.hold.clear()
    begun = time.monotonic()
    error, _told = failure()
    assert isinstance(error, TimeoutError)
    assert time.monotonic() - begun < 1


def test_what_the_server_answered_last_is_returned(mailbox: Mailbox) -> None:
    assert outbox.send(LETTER, "reference") == ACCEPTED
    assert len(mailbox.messages) == 1


@pytest.mark.usefixtures("mailbox")
def test_a_mail_that_was_taken_counts_even_if_the_server_leaves_without_goodbye(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def vanish(host: smtplib.SMTP) -> None:
        host.close()
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "quit", vanish)
    assert outbox.send(LETTER, "reference") == ACCEPTED


@pytest.mark.parametrize("setting", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
def test_a_certificate_that_is_trusted_carries_mail_and_password(
    setting: str,
    use_mail_server: UseMailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailbox = Mailbox()
    certificate, context = make_certificate(tmp_path / "good", f"IP:{LOOPBACK}")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    options: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True, "auth_required": True}
        if setting == "MAIL_USE_TLS"
        else {"ssl_context": context, "auth_require_tls": False}
    )
    with serving(mailbox, authenticator=only("blog", "a password"), **options) as port:
        use_mail_server(port, **{setting: True}, MAIL_USERNAME="blog", MAIL_PASSWORD="a password")
        outbox.send(LETTER, "reference")
        use_mail_server(port, **{setting: True}, MAIL_USERNAME="blog", MAIL_PASSWORD="another")
        error, told = failure()
    assert len(mailbox.messages) == 1
    assert isinstance(error, smtplib.SMTPAuthenticationError)
    assert "refused MAIL_USERNAME and MAIL_PASSWORD" in told


@pytest.mark.parametrize("setting", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
@pytest.mark.parametrize("fault", ["untrusted", "of another host"])
def test_a_certificate_that_is_false_is_refused(
    setting: str,
    fault: str,
    use_mail_server: UseMailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mailbox = Mailbox()
    name = f"IP:{LOOPBACK}" if fault == "untrusted" else "DNS:mail.example.org"
    certificate, context = make_certificate(tmp_path / "false", name)
    if fault == "of another host":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    options: dict[str, Any] = {
        "tls_context" if setting == "MAIL_USE_TLS" else "ssl_context": context
    }
    with serving(mailbox, **options) as port:
        use_mail_server(port, **{setting: True})
        error, told = failure()
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert "cannot be trusted" in told
    assert mailbox.messages == []


def test_a_server_without_tls_gets_nothing_when_tls_is_set(
    mailbox: Mailbox, use_mail_server: UseMailServer
) -> None:
    with serving(mailbox) as port:
        use_mail_server(port, MAIL_USE_TLS=True)
        error, told = failure()
    assert isinstance(error, smtplib.SMTPNotSupportedError)
    assert "STARTTLS" in told
    assert mailbox.messages == []


def test_tls_on_a_port_that_speaks_none_is_told(
    mailbox: Mailbox, use_mail_server: UseMailServer
) -> None:
    with serving(mailbox) as port:
        use_mail_server(port, MAIL_USE_SSL=True)
        _error, told = failure()
    assert "MAIL_USE_TLS or MAIL_USE_SSL" in told


def test_a_name_that_is_nowhere_and_a_port_that_is_closed_are_told(
    use_mail_server: UseMailServer,
) -> None:
    use_mail_server(free_port())
    assert "refused the connection" in failure()[1]
    use_mail_server(25, MAIL_SERVER="nowhere.invalid")
    assert "nowhere.invalid:25, was not found" in failure()[1]


def test_an_answer_of_many_lines_is_told_in_one(mailbox: Mailbox) -> None:
    mailbox.answer = "554-No\r\n554 \x1b[31mspam\x1b[0m here"
    told = failure()[1]
    assert "554 No" in told
    assert told.isprintable()
