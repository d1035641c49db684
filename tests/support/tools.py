"""Programs of the system that some tests need."""

import os
import shutil

import pytest


def tool(name: str, package: str) -> str:
    """Return the path of a program; skip the test without it, except where CI must have it."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path:
        return path
    reason = f"{name} is not installed: apt install {package}"
    if "CI" in os.environ:
        pytest.fail(reason)
    pytest.skip(reason)
