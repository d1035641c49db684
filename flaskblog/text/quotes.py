"""Typographic quotation marks, except in code."""

from markdown_it.rules_core import StateCore
from markdown_it.rules_core.smartquotes import process_inlines

# Each mark copies its text and is compared with the marks before it.
_BUDGET = 20_000_000


def curl_quotes(state: StateCore) -> None:
    """Replace straight marks, until the budget of the document is used up."""
    budget = _BUDGET
    for inline in state.tokens:
        marks = inline.content.count('"') + inline.content.count("'") if inline.children else 0
        if not marks:
            continue
        budget -= marks * (len(inline.content) + len(inline.children or ()))
        if budget < 0:
            return
        process_inlines(inline.children or [], state)
