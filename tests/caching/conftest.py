"""Tests of what is cached until a commit."""

import fcntl

import pytest


@pytest.fixture
def lock_mode() -> int:
    """PostgreSQL's data version changes with a commit in any database of the server."""
    return fcntl.LOCK_EX
