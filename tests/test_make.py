"""`make run`, from the start until all processes have ended."""

import os
import shlex
import shutil
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.processes import TIMEOUT, RunningProcess, free_port, is_answering, started

pytestmark = pytest.mark.server


@pytest.fixture
def checkout(project: Path, tmp_path: Path) -> Path:
    """A copy of the project without data, settings and installed packages."""
    ignored = shutil.ignore_patterns(".*", "instance", "tests", "docs", "__pycache__")
    return Path(shutil.copytree(project, tmp_path / "a checkout", ignore=ignored))


def make_run(checkout: Path, **settings: str) -> AbstractContextManager[RunningProcess]:
    return started(_command(checkout), checkout / "output.txt", settings, folder=checkout)


@pytest.mark.parametrize(
    ("send_signal", "number"),
    [(os.kill, signal.SIGTERM), (os.killpg, signal.SIGINT), (os.killpg, signal.SIGHUP)],
    ids=["TERM to make", "Ctrl-C", "a terminal that closes"],
)
def test_make_run_serves_at_the_printed_address_until_a_signal_ends_all_processes(
    checkout: Path, send_signal: Callable[[int, int], None], number: int
) -> None:
    port = free_port()
    with make_run(checkout, PORT=str(port)) as live:
        address = live.address()
        assert address == f"http://127.0.0.1:{port}"
        assert len(live.groups()) == 3, "make, web and worker each have a group of their own"

        send_signal(live.process.pid, number)

        live.process.wait(TIMEOUT)
        assert _ended(live.groups()), live.output
        assert not is_answering(address)
        assert "Error" not in live.output
        assert "Traceback" not in live.output


def test_make_run_serves_after_its_output_is_closed_and_ends_on_ctrl_c(
    checkout: Path,
) -> None:
    # sed ends with the line of the address.
    command = ["sh", "-c", f"{shlex.join(_command(checkout))} 2>&1 | sed '/ is at/q'"]
    settings = {"PORT": str(free_port())}
    with started(command, checkout / "output.txt", settings, folder=checkout) as live:
        address = live.address()
        for _ in range(4):  # two requests for each worker
            with urllib.request.urlopen(address, timeout=TIMEOUT) as page:
                assert page.status == 200
        os.killpg(live.process.pid, signal.SIGINT)
        live.process.wait(TIMEOUT)
        assert _ended(live.groups())


def test_the_environment_overrides_the_settings_of_the_file(checkout: Path) -> None:
    port = free_port()
    (checkout / ".env").write_text(f"PORT={port}\nSITE_NAME='A house of # words'\nLOG_LEVEL=loud\n")
    with make_run(checkout, LOG_LEVEL="WARNING") as live:
        assert live.address() == f"http://127.0.0.1:{port}"
        assert "A house of # words is at" in live.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("HOST", "203.0.113.1"),  # reserved for examples by RFC 5737
        ("DATABASE_URL", "sqlite:////dev/null/blog.db"),
    ],
)
def test_an_invalid_setting_stops_the_start_with_one_line_that_names_it(
    checkout: Path, name: str, value: str
) -> None:
    settings = {"PORT": str(free_port()), name: value}
    with make_run(checkout, **settings) as live:
        assert live.process.wait(TIMEOUT) != 0
        errors = [line for line in live.output.splitlines() if "cannot start" in line]
        assert len(errors) == 1
        assert name in errors[0]
        assert "Traceback" not in live.output


def test_a_port_in_use_is_reported(checkout: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as other_server,
        make_run(checkout, PORT=str(other_server.getsockname()[1])) as live,
    ):
        assert live.process.wait(TIMEOUT) != 0
        assert "HOST and PORT: Address already in use" in live.output
        assert "Traceback" not in live.output


def _command(checkout: Path) -> list[str]:
    """`make run` with the packages of the current Python, marked as installed."""
    packages = os.path.relpath(sys.prefix, checkout)
    return ["make", "run", f"VENV={packages}", f"--assume-old={packages}/installed"]


def _ended(groups: set[int]) -> bool:
    deadline = time.monotonic() + TIMEOUT
    while any(map(_is_alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(_is_alive, groups))


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
