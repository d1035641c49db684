"""Every module can be imported under its own name."""

import importlib
import pkgutil
from operator import attrgetter
from types import ModuleType

import pytest

import flaskblog

MODULES = [
    module.name
    for module in pkgutil.walk_packages(flaskblog.__path__, "flaskblog.")
    # Their packages are optional, or they run inside Alembic alone.
    if not module.name.startswith(("flaskblog.media.s3", "flaskblog.migrations"))
]


@pytest.mark.parametrize("name", MODULES)
def test_a_package_attribute_does_not_hide_a_module_of_the_same_name(name: str) -> None:
    """`import a.b.c as module` looks `c` up in the package `a.b`."""
    module = importlib.import_module(name)
    assert isinstance(module, ModuleType)
    assert attrgetter(name.removeprefix("flaskblog."))(flaskblog) is module
