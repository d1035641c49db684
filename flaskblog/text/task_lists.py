"""Task lists: an item that begins with `[ ]` or `[x]` has a box, which readers cannot change."""

import re

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from flaskblog.text.tokens import text_token

_MARK = re.compile(r"\[([ xX])\] +(?=\S)")


def add_boxes(state: StateCore) -> None:
    for item, paragraph, inline in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if (item.type, paragraph.type) != ("list_item_open", "paragraph_open"):
            continue
        first = inline.children[0] if inline.children else None
        mark = _MARK.match(first.content) if first and first.type == "text" else None
        if first and mark:
            item.attrSet("class", "task")
            first.content = first.content[mark.end() :]
            box = _box(is_done=mark[1] != " ")
            inline.children = [box, text_token(" "), *(inline.children or ())]


def _box(*, is_done: bool) -> Token:
    attrs: dict[str, str | int | float] = {"type": "checkbox", "disabled": ""}
    if is_done:
        attrs["checked"] = ""
    attrs["aria-label"] = "Done" if is_done else "To do"
    return Token("box", "input", 0, attrs=attrs)
