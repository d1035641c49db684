"""Slots for the bodies of requests."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from werkzeug.exceptions import ServiceUnavailable

from flaskblog.serving import slots
from flaskblog.serving.slots import MAX_PER_NETWORK, Slots
from tests.support.rsgi import run_in_loop

# Takes all slots of a network, and waits to be told to end.
OTHER_PROCESS = f"""
import asyncio, sys
from contextlib import AsyncExitStack
from pathlib import Path
from flaskblog.serving.slots import Slots

async def hold():
    slots = Slots(Path(sys.argv[1]))
    async with AsyncExitStack() as stack:
        for _ in range({MAX_PER_NETWORK}):
            await stack.enter_async_context(slots.one_of("192.0.2.1"))
        print("holding", flush=True)
        sys.stdin.read()

asyncio.run(hold())
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "RETRY_INTERVAL", 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "slots"


async def taken(shared: Slots, networks: list[str]) -> int:
    """How many of these get a slot at the same time."""
    async with AsyncExitStack() as stack:
        for number, network in enumerate(networks):
            try:
                await stack.enter_async_context(shared.one_of(network))
            except ServiceUnavailable:
                return number
    return len(networks)


def test_a_network_has_eight_slots_which_it_can_use_again(path: Path) -> None:
    shared = Slots(path)
    for _ in range(2):
        assert run_in_loop(taken(shared, ["192.0.2.1"] * 9)) == 8


def test_a_process_has_a_maximum(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MAX_PER_PROCESS", 10)
    networks = [f"192.0.2.{number}" for number in range(20)]
    assert run_in_loop(taken(Slots(path), networks)) == 10


def test_a_slot_that_becomes_free_is_used(path: Path) -> None:
    async def wait_for_one() -> None:
        shared = Slots(path)
        async with AsyncExitStack() as stack:
            for _ in range(MAX_PER_NETWORK):
                await stack.enter_async_context(shared.one_of("192.0.2.1"))
            waiting = asyncio.create_task(taken(shared, ["192.0.2.1"]))
            await asyncio.sleep(0)
        assert await waiting == 1

    run_in_loop(wait_for_one())


@pytest.mark.server
def test_processes_share_the_slots_and_a_dead_one_has_none(path: Path, project: Path) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=project, stdin=pipe, stdout=pipe) as other:
        assert other.stdout
        assert other.stdout.readline() == b"holding\n"
        shared = Slots(path)
        assert run_in_loop(taken(shared, ["192.0.2.1"])) == 0
        assert run_in_loop(taken(shared, ["192.0.2.2"])) == 1
        other.kill()
        other.wait()
        assert run_in_loop(taken(shared, ["192.0.2.1"] * 9)) == 8
