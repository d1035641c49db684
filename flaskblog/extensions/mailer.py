"""Flask-Mail with timeouts, verified certificates and the server's replies."""

import smtplib
import socket
import ssl
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import flask_mail
from email_validator import EmailNotValidError

from flaskblog.text.cleaning import clean_line

# Seconds: for each reply of the server, for a whole message, and for QUIT after it.
REPLY_TIMEOUT = 10.0
MESSAGE_TIMEOUT = 25.0
QUIT_TIMEOUT = 2.0
MAX_ERROR_LENGTH = 300


class _TimedSMTP(smtplib.SMTP):
    """Stores the last reply; raises `TimeoutError` after REPLY_TIMEOUT or MESSAGE_TIMEOUT."""

    deadline = 0.0
    last_reply = ""

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: Any = None
    ) -> tuple[int, bytes]:
        self.deadline = time.monotonic() + MESSAGE_TIMEOUT
        return super().connect(host, port, source_address)

    def getreply(self) -> tuple[int, bytes]:
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(min(REPLY_TIMEOUT, left))
        try:
            code, text = super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise TimeoutError from error
            raise
        self.last_reply = f"{code} {_decoded(text)}"
        return code, text


class _TimedSMTPS(_TimedSMTP, smtplib.SMTP_SSL):
    pass


class Connection(flask_mail.Connection):
    """One SMTP session; `reply` is the server's reply to the last message."""

    host: _TimedSMTP | None
    reply = ""

    def configure_host(self) -> _TimedSMTP:
        server = self.mail
        context = ssl.create_default_context()
        with ExitStack() as on_error:
            host = (
                _TimedSMTPS(server.server, server.port, timeout=REPLY_TIMEOUT, context=context)
                if server.use_ssl
                else _TimedSMTP(server.server, server.port, timeout=REPLY_TIMEOUT)
            )
            on_error.callback(host.close)
            if server.use_tls:
                host.starttls(context=context)
            if server.username:
                host.login(server.username, server.password or "")
            host.ehlo_or_helo_if_needed()
            on_error.pop_all()
        return host

    def send(
        self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None
    ) -> None:
        if self.host and self.host.has_extn("8bitmime"):
            message.mail_options = ["BODY=8BITMIME"]
        super().send(message, envelope_from)
        if self.host:
            self.reply = self.host.last_reply

    def __exit__(
        self, exc_type: type[BaseException], exc_value: BaseException, tb: TracebackType
    ) -> None:
        if self.host is None:
            return
        # The message is accepted or refused by now: a failing QUIT must not change that.
        self.host.deadline = min(self.host.deadline, time.monotonic() + QUIT_TIMEOUT)
        try:
            self.host.quit()
        except OSError:
            self.host.close()


class Mailer(flask_mail.Mail):
    def connect(self) -> Connection:
        return Connection(super().connect().mail)


_EXPLANATIONS: tuple[tuple[type[Exception], str], ...] = (  # subclasses first
    (EmailNotValidError, "The address cannot be mailed to: {error}"),
    (TimeoutError, "{server} did not answer within {timeout:g} seconds."),
    (socket.gaierror, "The host name of the mail server, {server}, was not found."),
    (
        ConnectionRefusedError,
        "{server} refused the connection: is the mail server up, and the port right?",
    ),
    (
        ssl.SSLCertVerificationError,
        "The certificate of {server} cannot be trusted: {error.verify_message}",
    ),
    (
        ssl.SSLError,
        "No TLS with {server} ({error.reason}): is it MAIL_USE_TLS or MAIL_USE_SSL?",
    ),
    (smtplib.SMTPRecipientsRefused, "{server} refused the recipient: {reply}"),
    (smtplib.SMTPAuthenticationError, "{server} refused MAIL_USERNAME and MAIL_PASSWORD: {reply}"),
    (smtplib.SMTPSenderRefused, "{server} refused MAIL_DEFAULT_SENDER: {reply}"),
    (smtplib.SMTPResponseException, "{server} answered: {reply}"),
    (smtplib.SMTPServerDisconnected, "{server} closed the connection."),
    (smtplib.SMTPException, "{server}: {error}"),
    (OSError, "{server}: {reason}"),
    (Exception, "Internal error ({kind}); see the log."),
)


def is_permanent(error: Exception) -> bool:
    """Whether a retry is pointless: an invalid address, or a 5xx reply for every recipient."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, EmailNotValidError)


def explain(error: Exception, server: str) -> str:
    """Describe an error of a mail server (`host:port`) in one line, for the operator."""
    explanation = next(text for kind, text in _EXPLANATIONS if isinstance(error, kind))
    line = explanation.format(
        server=server,
        error=error,
        kind=type(error).__name__,
        reason=getattr(error, "strerror", None) or error,
        reply=_reply(error),
        timeout=REPLY_TIMEOUT,
    )
    return line[:MAX_ERROR_LENGTH]


def _reply(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return f"{code} {_decoded(text)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return ""


def _decoded(text: bytes | str) -> str:
    return clean_line(text.decode(errors="replace") if isinstance(text, bytes) else text)
