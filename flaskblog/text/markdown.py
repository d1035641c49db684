"""Markdown to safe HTML: CommonMark with tables, strikethrough, autolinks and highlighted code,
footnotes, task lists, links to headings, a table of contents and typographic quotes.

Raw HTML is shown as text. Limits keep any 100,000 characters within about a second, and their HTML
proportional to them; beyond a limit the source is shown as plain text.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from flaskblog.text import footnotes, markdown_links
from flaskblog.text.direction import set_directions
from flaskblog.text.headings import (
    LAST_LISTED_LEVEL,
    MIN_LISTED,
    Heading,
    add_ids,
    close_gaps,
    contents,
)
from flaskblog.text.highlighting import LANGUAGES, highlight_code
from flaskblog.text.quotes import curl_quotes
from flaskblog.text.reading_time import reading_minutes
from flaskblog.text.sanitizer import clean
from flaskblog.text.task_lists import add_boxes

RENDERER_VERSION = 3
"""Increased when the same source gives different HTML, so that stored HTML can be renewed."""

_HIGHLIGHT_BUDGET = 4_000**2  # lexers may take quadratic time

_MAX_BRACKETS = 10_000  # each starts a search for the end of a link
_MAX_LINES = 15_000  # each may be a block of its own
_MAX_NESTING = 12  # a list counts twice; a quote reads its lines once per level
_MAX_CELLS = 20_000  # short rows are padded, so cells can outgrow their source
_MAX_NOTE_MARKS = 2_000  # of footnotes and references, whose links are longer than they are
_MIN_MINUTES_WITH_CONTENTS = 5

_SCROLLABLE = 'role="group" tabindex="0" aria-label='


def render(source: str, id_prefix: str = "text-") -> str:
    """Return safe HTML; headings start at `h2` and skip no level.

    A long text has a table of contents. On a page with several texts, such as comments, each needs
    an `id_prefix` of its own: `text1-`, `text2-`.
    """
    if (
        source.count("[") > _MAX_BRACKETS
        or source.count("[^") > _MAX_NOTE_MARKS
        or len(source.splitlines()) > _MAX_LINES
    ):
        return clean(_code_block(escape(source)))
    env: dict[str, Any] = {"id_prefix": id_prefix}
    html = _markdown.render(source, env)
    return clean(_contents(source, env["headings"]) + html)


def _contents(source: str, headings: list[Heading]) -> str:
    """The table of contents of a text that is long enough for one."""
    listed = [heading for heading in headings if heading.level <= LAST_LISTED_LEVEL]
    if len(listed) < MIN_LISTED or reading_minutes(source) < _MIN_MINUTES_WITH_CONTENTS:
        return ""
    return contents(listed)


class _Renderer(RendererHTML):
    """Makes code and tables scrollable by keyboard; writes no inline styles."""

    def table_open(self, tokens: Sequence[Token], idx: int, *rest: Any) -> str:
        table = self.renderToken(tokens, idx, *rest)
        return f'<div class="table-scroll" {_SCROLLABLE}"Table">{table}'

    def table_close(self, *_: object) -> str:
        return "</table></div>\n"

    def td_open(self, tokens: Sequence[Token], idx: int, *rest: Any) -> str:
        if style := tokens[idx].attrs.pop("style", None):
            tokens[idx].attrSet("class", str(style).replace("text-align:", "align-"))
        return self.renderToken(tokens, idx, *rest)

    th_open = td_open

    def fence(self, tokens: Sequence[Token], idx: int, _options: OptionsDict, env: EnvType) -> str:
        code, language = tokens[idx].content, tokens[idx].info.lower().partition(" ")[0]
        cost = env.get("highlighted", 0) + len(code) ** 2
        if language not in LANGUAGES or cost > _HIGHLIGHT_BUDGET:
            return _code_block(escape(code))
        env["highlighted"] = cost
        return _code_block(highlight_code(code, language))

    def code_block(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        return _code_block(escape(tokens[idx].content))


def _code_block(html: str) -> str:
    pre = f'<pre {_SCROLLABLE}"Code"><code>{html}</code></pre>'
    return f'<div class="highlight" dir="ltr">{pre}</div>\n'


def _nested_quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < _MAX_NESTING // 2 and blockquote(state, start, end, silent)


def _nested_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < _MAX_NESTING - 2 and list_block(state, start, end, silent)


def _bounded_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table, unless the document has too many cells."""
    cells = state.env.get("cells", 0)
    if cells > _MAX_CELLS or not table(state, start, end, True):
        return False
    if silent:
        return True
    columns = state.getLines(start + 1, start + 2, 0, False).count("|") + 1
    rows = next((line for line in range(start, end) if state.isEmpty(line)), end) - start
    state.env["cells"] = cells + columns * rows
    return state.env["cells"] <= _MAX_CELLS and table(state, start, end, False)


_OPTIONS = {"html": False, "linkify": True, "maxNesting": _MAX_NESTING}
_markdown = MarkdownIt("commonmark", _OPTIONS, renderer_cls=_Renderer)
_markdown.enable(["table", "strikethrough"])
_TEXT_ENDS = ["paragraph", "reference"]
_markdown.block.ruler.at("table", _bounded_table, {"alt": _TEXT_ENDS})
_markdown.block.ruler.at("list", _nested_list, {"alt": [*_TEXT_ENDS, "blockquote"]})
_markdown.block.ruler.at("blockquote", _nested_quote, {"alt": [*_TEXT_ENDS, "blockquote", "list"]})
footnotes.install(_markdown)
_markdown.core.ruler.push("task_lists", add_boxes)
_markdown.core.ruler.before("text_join", "quotes", curl_quotes)
markdown_links.install(_markdown)
_markdown.core.ruler.push("close_gaps", close_gaps)
_markdown.core.ruler.push("heading_ids", add_ids)
_markdown.core.ruler.push("directions", set_directions)
