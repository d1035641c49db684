"""Draw docs/dependencies.svg from the imports in flaskblog/: `make diagram`."""

from graphlib import TopologicalSorter
from itertools import pairwise
from pathlib import Path

import grimp

Graph = dict[str, set[str]]

FACTORY = "create_app"  # flaskblog/__init__.py
INFRASTRUCTURE = {
    "backup", "caching", "database", "extensions", "mail", "media", "monitoring", "serving", "text",
    "web",
}  # fmt: skip
SHARED = {"models", "rules", "urls"}  # everything else is product

FILE = Path(__file__).with_suffix(".svg")
BOX_HEIGHT, ROW_HEIGHT, CHARACTER, PADDING, GAP, MARGIN, SWEEPS = 32, 72, 8, 24, 24, 16, 24
STYLE = """
  svg { color-scheme: light dark; font: 14px system-ui, sans-serif }
  text { fill: #1f2328; text-anchor: middle; dominant-baseline: central }
  rect { stroke-width: 1.5; rx: 6px }
  .product { fill: #ddf4ff; stroke: #0969da }
  .shared { fill: #fff8c5; stroke: #9a6700 }
  .infrastructure { fill: #eaeef2; stroke: #6e7781 }
  path { fill: none; stroke: #6e7781 }
  marker path { fill: #6e7781 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .product { fill: #0c2d6b; stroke: #58a6ff }
    .shared { fill: #3b2e0b; stroke: #d29922 }
    .infrastructure { fill: #262c36; stroke: #8b949e }
    path { stroke: #8b949e }
    marker path { fill: #8b949e }
  }
"""


def modules() -> Graph:
    """Each module of flaskblog with the modules that it imports."""
    graph = grimp.build_graph("flaskblog", cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in sorted(graph.modules)}


def package(module: str) -> str:
    """The package of a module; a module directly in flaskblog/ is a package of its own."""
    return module.split(".")[1] if "." in module else FACTORY


def packages(imports: Graph) -> Graph:
    """Each package with the other packages that its modules import."""
    found: Graph = {package(module): set() for module in imports}
    for module, imported in imports.items():
        found[package(module)] |= {package(name) for name in imported} - {package(module)}
    return found


def reduced(graph: Graph) -> Graph:
    """Only the edges that no longer path implies. The graph must not have a cycle."""
    reached: Graph = {}
    for node in TopologicalSorter(graph).static_order():
        reached[node] = graph[node].union(*(reached[below] for below in graph[node]))
    return {
        node: below - set().union(*(reached[name] for name in below))
        for node, below in graph.items()
    }


def heights(graph: Graph) -> dict[str, int]:
    """The length of the longest path from each node to the bottom."""
    found: dict[str, int] = {}
    for node in TopologicalSorter(graph).static_order():
        found[node] = 1 + max((found[below] for below in graph[node]), default=-1)
    return found


def chains(graph: Graph) -> list[list[str]]:
    """Each edge as its nodes, with a waypoint in every row between them."""
    height = heights(graph)
    return [
        [
            upper,
            *(f"{upper}>{lower}@{row}" for row in range(height[upper] - 1, height[lower], -1)),
            lower,
        ]
        for upper in sorted(graph)
        for lower in sorted(graph[upper])
    ]


def rows(graph: Graph) -> list[list[str]]:
    """The nodes and waypoints of each row from the top, sorted so that few edges cross."""
    height = heights(graph)
    found: list[list[str]] = [[] for _ in range(max(height.values()) + 1)]
    for node in sorted(height):
        found[height[node]].append(node)
    neighbours: dict[str, list[str]] = {}
    for chain in chains(graph):
        for number, node in enumerate(chain[1:-1], start=1):
            found[height[chain[0]] - number].append(node)
        for upper, lower in pairwise(chain):
            neighbours.setdefault(upper, []).append(lower)
            neighbours.setdefault(lower, []).append(upper)
    found.reverse()
    for sweep in range(SWEEPS):
        for row in found if sweep % 2 else reversed(found):
            _sort(row, found, neighbours)
    return found


def _sort(row: list[str], every_row: list[list[str]], neighbours: dict[str, list[str]]) -> None:
    """Move each node to the mean place of its neighbours."""
    place = {name: left + _width(name) / 2 for each in every_row for name, left in _spread(each, 0)}

    def mean(node: str) -> tuple[float, str]:
        places = [place[name] for name in neighbours[node]]
        return sum(places) / len(places), node

    row.sort(key=mean)


def svg(graph: Graph) -> str:
    edges = reduced(graph)
    found = rows(edges)
    width = max(map(_row_width, found)) + 2 * MARGIN
    boxes = {
        name: (left, MARGIN + ROW_HEIGHT * number)
        for number, row in enumerate(found)
        for name, left in _spread(row, width // 2)
    }
    height = 2 * MARGIN + ROW_HEIGHT * (len(found) - 1) + BOX_HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' aria-label="The packages of flaskblog, each above those that it imports">',
        f"<style>{STYLE}</style>",
        '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path d="M0 0 8 4 0 8z"/></marker>',
        *(_arrow(boxes, chain) for chain in chains(edges)),
        *(_box(name, *boxes[name]) for name in sorted(graph)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _width(name: str) -> int:
    return 0 if ">" in name else CHARACTER * len(name) + PADDING


def _row_width(row: list[str]) -> int:
    return sum(map(_width, row)) + GAP * (len(row) - 1)


def _spread(row: list[str], middle: int) -> list[tuple[str, int]]:
    """Each box of a row with its left side, the row being centred."""
    left = middle - _row_width(row) // 2
    placed = []
    for name in row:
        placed.append((name, left))
        left += _width(name) + GAP
    return placed


def _box(name: str, left: int, top: int) -> str:
    kind = "infrastructure" if name in INFRASTRUCTURE else "product"
    kind = "shared" if name in SHARED else kind
    middle = left + _width(name) // 2
    return (
        f'<rect class="{kind}" x="{left}" y="{top}" width="{_width(name)}" height="{BOX_HEIGHT}"/>'
        f'<text x="{middle}" y="{top + BOX_HEIGHT // 2}">{name}</text>'
    )


def _arrow(boxes: dict[str, tuple[int, int]], chain: list[str]) -> str:
    path = ""
    for upper, lower in pairwise(chain):
        (x1, y1), (x2, y2) = boxes[upper], boxes[lower]
        x1, x2, y1 = x1 + _width(upper) // 2, x2 + _width(lower) // 2, y1 + BOX_HEIGHT
        bend = (y2 - y1) // 2
        path += f"{'L' if path else 'M'}{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}"
    return f'<path marker-end="url(#arrow)" d="{path}"/>'


if __name__ == "__main__":
    FILE.write_text(svg(packages(modules())))
