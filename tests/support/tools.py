"""Programs of the system that some tests need."""

import os
import shutil

import pytest


def tool(name: str, package: str) -> str:
    """Return the path of a program; skip the test without it, but fail it in CI."""
    if not _find(name) and "CI" in os.environ:
        pytest.fail(f"{name} is not installed: .ci/run installs {package}")
    return optional_tool(name, package)


def optional_tool(name: str, package: str) -> str:
    """Return the path of a program that CI need not have; skip the test without it."""
    path = _find(name)
    if not path:
        pytest.skip(f"{name} is not installed: apt install {package}")
    return path


def _find(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
