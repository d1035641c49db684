"""`make run`, from the command line to the last process that ends."""

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

from tests.live import PATIENCE, Live, free_port, is_answering, started


@pytest.fixture
def checkout(project: Path, tmp_path: Path) -> Path:
    """A copy of the project, without what a person keeps in theirs: data, settings, packages."""
    kept_back = shutil.ignore_patterns(".*", "instance", "tests", "docs", "__pycache__")
    return Path(shutil.copytree(project, tmp_path / "a checkout", ignore=kept_back))


def make_run(checkout: Path, **settings: str) -> AbstractContextManager[Live]:
    return started(_command(checkout), checkout / "output.txt", settings, folder=checkout)


@pytest.mark.parametrize(
    ("send", "number"),
    [(os.kill, signal.SIGTERM), (os.killpg, signal.SIGINT), (os.killpg, signal.SIGHUP)],
    ids=["TERM to make", "Ctrl-C", "a terminal that closes"],
)
def test_make_run_serves_at_the_address_it_prints_until_a_signal_ends_all_of_it(
    checkout: Path, send: Callable[[int, int], None], number: int
) -> None:
    port = free_port()
    with make_run(checkout, PORT=str(port)) as live:
        address = live.address()
        assert address == f"http://127.0.0.1:{port}"
        assert len(live.groups()) == 3, "make, web and worker each have a group of their own"

        send(live.process.pid, number)

        live.process.wait(PATIENCE)
        assert _ended(live.groups()), live.output
        assert not is_answering(address)
        assert "Error" not in live.output
        assert "Traceback" not in live.output


def test_it_serves_when_what_reads_the_output_has_ended_and_ctrl_c_ends_all_of_it(
    checkout: Path,
) -> None:
    # sed ends with the line that tells the address.
    command = ["sh", "-c", f"{shlex.join(_command(checkout))} 2>&1 | sed '/ is at/q'"]
    settings = {"PORT": str(free_port())}
    with started(command, checkout / "output.txt", settings, folder=checkout) as live:
        address = live.address()
        for _ in range(4):  # by each worker, and again
            with urllib.request.urlopen(address, timeout=PATIENCE) as page:
                assert page.status == 200
        os.killpg(live.process.pid, signal.SIGINT)
        live.process.wait(PATIENCE)
        assert _ended(live.groups())


def test_settings_come_from_a_file_and_the_environment_wins(checkout: Path) -> None:
    port = free_port()
    (checkout / ".env").write_text(f"PORT={port}\nSITE_NAME='A house of # words'\nLOG_LEVEL=loud\n")
    with make_run(checkout, LOG_LEVEL="WARNING") as live:
        assert live.address() == f"http://127.0.0.1:{port}"
        assert "A house of # words is at" in live.output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("HOST", "203.0.113.1"),  # kept for examples by RFC 5737, so never this machine's
        ("DATABASE_URL", "sqlite:////dev/null/blog.db"),
    ],
)
def test_a_wrong_setting_ends_the_start_with_one_line_that_names_it(
    checkout: Path, name: str, value: str
) -> None:
    settings = {"PORT": str(free_port()), name: value}
    with make_run(checkout, **settings) as live:
        assert live.process.wait(PATIENCE) != 0
        told = [line for line in live.output.splitlines() if "cannot start" in line]
        assert len(told) == 1
        assert name in told[0]
        assert "Traceback" not in live.output


def test_a_port_that_is_taken_is_told(checkout: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as somebody_else,
        make_run(checkout, PORT=str(somebody_else.getsockname()[1])) as live,
    ):
        assert live.process.wait(PATIENCE) != 0
        assert "HOST and PORT: Address already in use" in live.output
        assert "Traceback" not in live.output


def _command(checkout: Path) -> list[str]:
    """`make run`, with the packages of the Python that runs this test, taken for installed."""
    packages = os.path.relpath(sys.prefix, checkout)
    return ["make", "run", f"VENV={packages}", f"--assume-old={packages}/installed"]


def _ended(groups: set[int]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while any(map(_is_alive, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(_is_alive, groups))


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
