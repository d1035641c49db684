"""Footnotes: `[^label]` in the text, and `[^label]: note` at the start of a line.

The notes are numbered by their first reference and follow the text. Without a reference, a note is
not shown; a reference without a note is text.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from flaskblog.text.tokens import link_tokens, text_token

_REFERENCE = re.compile(r"\[\^([^\s\[\]]{1,80})\]")
_DEFINITION = re.compile(r"\[\^([^\s\[\]]{1,80})\]:[ \t]*")
REFERENCE = "footnote_reference"
BACK = "↩\ufe0e"  # as text: a phone would show an emoji
_INDENT = 4  # of the further paragraphs of a note


def install(markdown: MarkdownIt) -> None:
    markdown.block.ruler.before(
        "reference", "footnote", _definition, {"alt": ["paragraph", "reference"]}
    )
    markdown.inline.ruler.before("link", "footnote", _reference)
    markdown.core.ruler.after("inline", "footnotes", _append_notes)
    markdown.add_render_rule("note_number", _render_number)


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A note, which is not part of a list or quotation."""
    if state.is_code_block(start):
        return False
    begin = state.bMarks[start] + state.tShift[start]
    found = _DEFINITION.match(state.src, begin, state.eMarks[start])
    if not found or (state.level and not silent):
        return False
    if not silent:
        outer, state.tokens = state.tokens, []
        _parse_note(state, start, end, found.end())
        note, state.tokens = state.tokens, outer
        state.env.setdefault("notes", {}).setdefault(found[1].casefold(), note)
    return True


def _parse_note(state: StateBlock, start: int, end: int, begin: int) -> None:
    """Parse the rest of a line, which begins there, and the indented lines below it."""
    line = state.bMarks[start], state.tShift[start], state.sCount[start]
    state.bMarks[start], state.tShift[start], state.sCount[start] = begin, 0, _INDENT
    state.blkIndent += _INDENT
    state.level += 1
    state.md.block.tokenize(state, start, end)
    state.level -= 1
    state.blkIndent -= _INDENT
    state.bMarks[start], state.tShift[start], state.sCount[start] = line


def _reference(state: StateInline, silent: bool) -> bool:
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if not found or state.linkLevel or found[1].casefold() not in state.env.get("notes", {}):
        return False
    if not silent:
        state.push(REFERENCE, "", 0).meta = {"label": found[1].casefold()}
    state.pos = found.end()
    return True


def _append_notes(state: StateCore) -> None:
    """Number the references, and append the notes that they lead to."""
    notes = _Notes(state)
    notes.link_references(state.tokens)
    if items := list(notes.items()):
        section = {"class": "footnotes", "role": "doc-endnotes", "aria-label": "Footnotes"}
        state.tokens += [
            Token("section_open", "section", 1, attrs={**section}, block=True),
            Token("ordered_list_open", "ol", 1, block=True),
            *items,
            Token("ordered_list_close", "ol", -1, block=True),
            Token("section_close", "section", -1, block=True),
        ]


class _Notes:
    """The notes of a document, numbered by their first reference."""

    def __init__(self, state: StateCore) -> None:
        self._state = state
        self._order: list[str] = []
        self._numbers: dict[str, int] = {}
        # A heading's id has no hyphen after the prefix.
        self._prefix = f"{state.env['id_prefix']}-"

    def link_references(self, tokens: Sequence[Token]) -> None:
        for inline in tokens:
            if any(child.type == REFERENCE for child in inline.children or ()):
                inline.children = [
                    linked
                    for child in inline.children or ()
                    for linked in (self._link(child) if child.type == REFERENCE else [child])
                ]

    def items(self) -> Iterator[Token]:
        """The items of the list; a note may refer to others, which follow."""
        for number, label in enumerate(self._order, 1):
            note = self._state.env["notes"][label]
            for token in note:
                if token.type == "inline":
                    token.children = []
                    self._state.md.inline.parse(
                        token.content, self._state.md, self._state.env, token.children
                    )
            self.link_references(note)
            attrs: dict[str, str | int | float] = {"id": f"{self._prefix}note-{number}"}
            yield Token("list_item_open", "li", 1, attrs=attrs, block=True)
            yield from self._with_back_link(note, number)
            yield Token("list_item_close", "li", -1, block=True)

    def _link(self, reference: Token) -> list[Token]:
        label = reference.meta["label"]
        attributes = {"role": "doc-noteref"}
        if label not in self._numbers:
            self._order.append(label)
            self._numbers[label] = len(self._order)
            attributes["id"] = f"{self._prefix}reference-{len(self._order)}"
        number = self._numbers[label]
        link = link_tokens("", href=f"#{self._prefix}note-{number}", **attributes)
        # Not a text, which a quotation mark before it would be compared with.
        link[1] = Token("note_number", "", 0, meta={"number": number})
        return [Token("sup_open", "sup", 1), *link, Token("sup_close", "sup", -1)]

    def _with_back_link(self, note: list[Token], number: int) -> list[Token]:
        """The note, with a link to its first reference at the end of its last paragraph."""
        link = link_tokens(
            BACK,
            href=f"#{self._prefix}reference-{number}",
            role="doc-backlink",
            aria_label="Back to the text",
        )
        if note and note[-1].type == "paragraph_close":
            note[-2].children = [*(note[-2].children or ()), text_token(" "), *link]
            return note
        return [
            *note,
            Token("paragraph_open", "p", 1, block=True),
            Token("inline", "", 0, children=link),
            Token("paragraph_close", "p", -1, block=True),
        ]


def _render_number(_renderer: RendererHTML, tokens: Sequence[Token], idx: int, *_: object) -> str:
    return str(tokens[idx].meta["number"])
