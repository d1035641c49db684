"""The levels of a post's headings: people choose them by size, and screen readers walk by them."""

from markdown_it.rules_core import StateCore

TOP = 2  # below the page's own
DEEPEST = 6


def close_gaps(state: StateCore) -> None:
    """Let the first heading be at the top, and none lie more than one below the one before.

    Of two headings the deeper one stays the deeper, and equals under one heading stay equals.
    """
    above: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(TOP - 1 + len(above), DEEPEST)}"
