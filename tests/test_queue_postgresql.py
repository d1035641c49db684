"""The queue in PostgreSQL: what one host asks for, the worker of any host does."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from flask_migrate import upgrade

from flaskblog import outbox
from flaskblog.extensions import db
from tests.conftest import make_app
from tests.live import PATIENCE
from tests.outbox import left, write
from tests.smtp import LOOPBACK, Mailbox, free_port, serving


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_worker_is_woken_by_what_is_in_postgresql(empty_url: str, project: Path) -> None:
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
            write()
            outbox.wake()
            mailbox.wait_for(1, PATIENCE)
            write()
            outbox.wake()
            mailbox.wait_for(2, PATIENCE)  # the worker is up: the queue alone woke it
            deadline = time.monotonic() + PATIENCE
            while left() and time.monotonic() < deadline:
                time.sleep(0.05)
            assert left() == []
        finally:
            worker.terminate()
            worker.wait(PATIENCE)
            db.session.remove()
