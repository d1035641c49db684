"""Heading levels without gaps, as screen readers need them."""

from markdown_it.rules_core import StateCore

FIRST_LEVEL = 2  # h1 is the title of the page
LAST_LEVEL = 6


def close_gaps(state: StateCore) -> None:
    """Start at `FIRST_LEVEL`, and let no heading be more than one level below its predecessor.

    The order of levels is kept, and equal levels below one heading stay equal.
    """
    ancestors: list[str] = []
    for token in state.tokens:
        if token.type == "heading_open":
            while ancestors and ancestors[-1] >= token.tag:
                ancestors.pop()
            ancestors.append(token.tag)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(FIRST_LEVEL - 1 + len(ancestors), LAST_LEVEL)}"
