"""The task queue in PostgreSQL."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask_migrate import upgrade

from flaskblog.extensions import db
from flaskblog.mail import outbox
from tests.conftest import make_app
from tests.support.outbox import add_mail, outbox_rows
from tests.support.processes import TIMEOUT, free_port
from tests.support.smtp_server import LOOPBACK, Mailbox, serving


@pytest.mark.server
@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_worker_is_woken_by_a_task_in_postgresql(empty_url: str, project: Path) -> None:
    port = free_port()
    settings = {"MAIL_SERVER": LOOPBACK, "MAIL_PORT": str(port)}
    mailbox = Mailbox()
    site = make_app(empty_url, **settings)
    with site.app_context(), serving(mailbox, port):
        upgrade()
        environment = os.environ | {"FLASKBLOG_ENV": "test", "DATABASE_URL": empty_url} | settings
        command = [sys.executable, "-m", "flask", "--app", "run", "worker"]
        worker = subprocess.Popen(command, cwd=project, env=environment)
        try:
            add_mail()
            outbox.wake()
            mailbox.wait_for(1, TIMEOUT)
            add_mail()
            outbox.wake()
            mailbox.wait_for(2, TIMEOUT)  # the worker is up: the queue alone woke it
            deadline = time.monotonic() + TIMEOUT
            while outbox_rows() and time.monotonic() < deadline:
                time.sleep(0.05)
            assert outbox_rows() == []
        finally:
            worker.terminate()
            worker.wait(TIMEOUT)
            db.session.remove()
