"""The direction of each block of text, by its first letter, as `dir="auto"` has it.

Only a block that differs from the text around it gets an attribute, and a list, a table and a
quotation have the direction of what is in them, which `dir="auto"` would not see.
"""

import unicodedata
from collections.abc import Iterable

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

DIRECTED = {"blockquote", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "table", "td", "th", "ul"}
_DIRECTIONS = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def set_directions(state: StateCore) -> None:
    if not state.src.isascii():
        _set_differing(state.tokens, _directions(state.tokens))


def _directions(tokens: list[Token]) -> dict[int, str]:
    """The direction of each opened block with a letter, by the position of its token."""
    found: dict[int, str] = {}
    opened: list[int] = []
    for position, token in enumerate(tokens):
        if token.nesting > 0:
            opened.append(position)
        elif token.nesting < 0:
            opened.pop()
        elif token.type == "inline" and (direction := _direction(token.children or ())):
            for block in reversed(opened):
                if block in found:
                    break
                found[block] = direction
    return found


def _set_differing(tokens: list[Token], directions: dict[int, str]) -> None:
    around = ["ltr"]
    for position, token in enumerate(tokens):
        if token.nesting > 0:
            direction = around[-1]
            if token.tag in DIRECTED and not token.hidden:
                direction = directions.get(position, direction)
            if direction != around[-1]:
                token.attrSet("dir", direction)
            around.append(direction)
        elif token.nesting < 0:
            around.pop()


def _direction(children: Iterable[Token]) -> str | None:
    for child in children:
        for character in child.content:
            if direction := _DIRECTIONS.get(unicodedata.bidirectional(character)):
                return direction
    return None
