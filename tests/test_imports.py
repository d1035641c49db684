"""Imports in flaskblog/ go from the product to the infrastructure, without cycles."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from docs.dependencies import FILE, INFRASTRUCTURE, SHARED, Graph, modules, package, packages, svg


@pytest.fixture(scope="module")
def imports() -> Graph:
    return modules()


def cycle(graph: Graph) -> str:
    """The first cycle of a graph, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " <- ".join(error.args[1])
    return ""


def test_no_module_imports_itself_through_others(imports: Graph) -> None:
    assert cycle(imports) == ""


def test_no_package_imports_itself_through_others(imports: Graph) -> None:
    assert cycle(packages(imports)) == ""


def test_infrastructure_and_models_do_not_import_the_product(imports: Graph) -> None:
    lower = INFRASTRUCTURE | SHARED
    assert lower <= packages(imports).keys()
    upward = [
        f"{module} imports {imported}"
        for module, names in imports.items()
        if package(module) in lower
        for imported in sorted(names)
        if package(imported) not in lower
    ]
    assert upward == []


def test_at_most_six_modules_are_in_no_package(project: Path) -> None:
    flat = sorted(path.name for path in (project / "flaskblog").glob("*.py"))
    assert len(flat) <= 6, flat


def test_the_diagram_is_up_to_date(imports: Graph) -> None:
    assert FILE.read_text() == svg(packages(imports)), "run: make diagram"


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": set()}, ""),
        ({"a": {"b"}, "b": {"a"}}, "a <- b <- a"),
    ],
)
def test_a_cycle_is_found(graph: Graph, found: str) -> None:
    assert cycle(graph) == found
