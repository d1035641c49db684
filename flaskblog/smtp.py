"""Flask-Mail with what it lacks: time limits, checked certificates, and the server's own words."""

import smtplib
import socket
import ssl
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import flask_mail
from email_validator import EmailNotValidError

from flaskblog.text import clean_line

# Seconds: for each answer of the server, and for the whole of one mail.
ANSWER_LIMIT = 10.0
MAIL_LIMIT = 25.0
GOODBYE_LIMIT = 2.0
ERROR_LENGTH = 300


class _Punctual(smtplib.SMTP):
    """Remembers the last reply, and raises `TimeoutError` when one of the two limits is over."""

    deadline = 0.0
    last_reply = ""

    def connect(
        self, host: str = "localhost", port: int = 0, source_address: Any = None
    ) -> tuple[int, bytes]:
        self.deadline = time.monotonic() + MAIL_LIMIT
        return super().connect(host, port, source_address)

    def getreply(self) -> tuple[int, bytes]:
        left = self.deadline - time.monotonic()
        if left <= 0:
            self.close()
            raise TimeoutError
        if self.sock:
            self.sock.settimeout(min(ANSWER_LIMIT, left))
        try:
            code, text = super().getreply()
        except smtplib.SMTPServerDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise TimeoutError from error
            raise
        self.last_reply = f"{code} {_decoded(text)}"
        return code, text


class _ImplicitTLS(_Punctual, smtplib.SMTP_SSL):
    pass


class Connection(flask_mail.Connection):
    """One conversation with the mail server. `answer` is what it said when it took the mail."""

    host: _Punctual | None
    answer = ""

    def configure_host(self) -> _Punctual:
        server = self.mail
        context = ssl.create_default_context()
        with ExitStack() as on_error:
            host = (
                _ImplicitTLS(server.server, server.port, timeout=ANSWER_LIMIT, context=context)
                if server.use_ssl
                else _Punctual(server.server, server.port, timeout=ANSWER_LIMIT)
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
            self.answer = self.host.last_reply

    def __exit__(
        self, exc_type: type[BaseException], exc_value: BaseException, tb: TracebackType
    ) -> None:
        if self.host is None:
            return
        # The mail is taken or refused by now: a server that is slow or gone must not change that.
        self.host.deadline = min(self.host.deadline, time.monotonic() + GOODBYE_LIMIT)
        try:
            self.host.quit()
        except OSError:
            self.host.close()


class Mailer(flask_mail.Mail):
    def connect(self) -> Connection:
        return Connection(super().connect().mail)


def is_final(error: Exception) -> bool:
    """Whether another attempt is pointless: no such address, or refused by the server for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, EmailNotValidError)


def explain(error: Exception, server: str) -> str:
    """What went wrong with a mail server (`host:port`), as one line for the person who runs it."""
    match error:
        case EmailNotValidError():
            line = f"The address cannot be mailed to: {error}"
        case TimeoutError():
            line = f"{server} did not answer within {ANSWER_LIMIT:g} seconds."
        case socket.gaierror():
            line = f"The name of the mail server, {server}, was not found."
        case ConnectionRefusedError():
            line = f"{server} refused the connection: is the mail server up, and the port right?"
        case ssl.SSLCertVerificationError():
            line = f"The certificate of {server} cannot be trusted: {error.verify_message}"
        case ssl.SSLError():
            line = f"No TLS with {server} ({error.reason}): is it MAIL_USE_TLS or MAIL_USE_SSL?"
        case smtplib.SMTPRecipientsRefused():
            code, text = next(iter(error.recipients.values()))
            line = f"{server} refused the recipient: {code} {_decoded(text)}"
        case smtplib.SMTPAuthenticationError():
            line = f"{server} refused MAIL_USERNAME and MAIL_PASSWORD: {_reply(error)}"
        case smtplib.SMTPSenderRefused():
            line = f"{server} refused MAIL_DEFAULT_SENDER: {_reply(error)}"
        case smtplib.SMTPResponseException():
            line = f"{server} answered: {_reply(error)}"
        case smtplib.SMTPServerDisconnected():
            line = f"{server} closed the connection."
        case smtplib.SMTPException():
            line = f"{server}: {error}"
        case OSError(strerror=str(words)):
            line = f"{server}: {words}"
        case _:
            line = f"An error of our own, {type(error).__name__}: the log has the whole of it."
    return line[:ERROR_LENGTH]


def _reply(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_decoded(error.smtp_error)}"


def _decoded(text: bytes | str) -> str:
    return clean_line(text.decode(errors="replace") if isinstance(text, bytes) else text)
