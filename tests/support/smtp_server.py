"""A real SMTP server on loopback, with the faults that real ones have."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from flask import Flask

from flaskblog.extensions.mailer import Mailer
from tests.support.processes import free_port

LOOPBACK = "127.0.0.1"
ACCEPTED = "250 2.0.0 OK queued as 4F2"


class Mailbox:
    """What arrived; how the server answers can be changed by a test at any time."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.options: list[str] = []
        self.refused: dict[str, str] = {}
        self.answer = ACCEPTED
        self.hold = threading.Event()
        self.hold.set()
        self.reached = threading.Event()

    async def handle_RCPT(  # noqa: N802 (aiosmtpd finds it by this name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 (as above)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.reached.set()
        while not self.hold.is_set():
            await asyncio.sleep(0.02)
        if self.answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append(message)
            self.recipients += envelope.rcpt_tos
            self.options += envelope.mail_options
        return self.answer

    def wait_for(self, number: int, seconds: float = 10) -> None:
        until = time.monotonic() + seconds
        while len(self.messages) < number:
            assert time.monotonic() < until, f"{len(self.messages)} of {number} mails arrived"
            time.sleep(0.02)


class UseMailServer(Protocol):
    def __call__(self, port: int, **settings: object) -> None: ...


@pytest.fixture
def use_mail_server(app: Flask, monkeypatch: pytest.MonkeyPatch) -> UseMailServer:
    """Point the application at a mail server on loopback, with other settings if need be."""

    def use(port: int, **settings: object) -> None:
        for name, value in {"MAIL_SERVER": LOOPBACK, "MAIL_PORT": port, **settings}.items():
            monkeypatch.setitem(app.config, name, value)
        monkeypatch.setitem(app.extensions, "mail", Mailer().init_mail(app.config))

    return use


@pytest.fixture
def mailbox(use_mail_server: UseMailServer) -> Iterator[Mailbox]:
    """The mailbox of a server that the application uses, and that takes everything."""
    mailbox = Mailbox()
    with serving(mailbox) as port:
        use_mail_server(port)
        yield mailbox


@contextlib.contextmanager
def serving(mailbox: Mailbox, port: int = 0, **options: Any) -> Iterator[int]:
    """Serve until the end of the block; yields the port."""
    port = port or free_port()
    controller = Controller(mailbox, hostname=LOOPBACK, port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        mailbox.hold.set()
        controller.stop()


@contextlib.contextmanager
def silence() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield server.getsockname()[1]


def only(username: str, password: str) -> Any:
    """An authenticator that lets this account in, and nobody else."""

    def authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any
    ) -> AuthResult:
        fits = (data.login, data.password) == (username.encode(), password.encode())
        return AuthResult(success=fits, handled=False)

    return authenticate


def make_certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `IP:…` or `DNS:…` that signs itself, and a server's context with it."""
    folder.mkdir()
    command = (
        "openssl req -x509 -nodes -days 1 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        f"-subj /CN=tests -addext subjectAltName={name} -keyout key.pem -out certificate.pem"
    )
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return folder / "certificate.pem", context
