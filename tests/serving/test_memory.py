"""What a process keeps of the requests that it has answered."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import PROJECT, environment

ROUNDS = 5
# One malloc arena that gives freed memory back: what stays is retained.
MALLOC = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "131072"}


@pytest.mark.server
def test_long_values_in_requests_to_all_urls_are_not_retained(tmp_path: Path) -> None:
    """In paths, queries, headers, cookies and forms; the URLs are those of the URL map."""
    command = [sys.executable, "-m", "tests.support.memory_probe"]
    done = subprocess.run(
        [*command, f"sqlite:///{tmp_path}/site.db", str(ROUNDS)],
        cwd=PROJECT,
        env=environment() | MALLOC,
        capture_output=True,
        check=True,
        timeout=300,
    )
    found = json.loads(done.stdout)
    assert found["failures"] == 0
    assert found["values"] >= 10_000
    assert found["growth"] <= 10 * 2**20
    # Each URL was sent at least so many values of each kind.
    assert found["retained"] < ROUNDS
