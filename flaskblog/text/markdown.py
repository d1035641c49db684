"""Markdown to safe HTML: CommonMark with tables, strikethrough, autolinks and highlighted code.

Raw HTML is shown as text. Limits keep any 100,000 characters within about a second, and their HTML
proportional to them; beyond a limit the source is shown as plain text.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote, list_block, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from flaskblog.text.headings import close_gaps
from flaskblog.text.highlighting import LANGUAGES, TOKEN_CLASSES, highlight_code

RENDERER_VERSION = 2
"""Increased when the same source gives different HTML, so that stored HTML can be renewed."""

_HIGHLIGHT_BUDGET = 4_000**2  # lexers may take quadratic time

_MAX_BRACKETS = 10_000  # each starts a search for the end of a link
_MAX_LINES = 15_000  # each may be a block of its own
_MAX_NESTING = 12  # a list counts twice; a quote reads its lines once per level
_MAX_CELLS = 20_000  # short rows are padded, so cells can outgrow their source
_MAX_LINK_CHARACTERS = 500_000  # each use of a reference repeats its URL and title

_SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"([^/?#:]*):")
_PATH_ON_THIS_SITE = re.compile(r"/(?![/\\]|%5c)[^\\\s]*", re.IGNORECASE)
_SCROLLABLE = 'role="group" tabindex="0" aria-label='
_ALIGNMENTS = frozenset({"align-left", "align-center", "align-right"})


def render(source: str) -> str:
    """Return safe HTML; headings start at `h2` and skip no level."""
    if source.count("[") > _MAX_BRACKETS or len(source.splitlines()) > _MAX_LINES:
        return _cleaner.clean(_code_block(escape(source)))
    return _cleaner.clean(_markdown.render(source))


class _Renderer(RendererHTML):
    """Makes code and tables scrollable by keyboard; writes no inline styles."""

    def table_open(self, *_: object) -> str:
        return f'<div class="table-scroll" {_SCROLLABLE}"Table"><table>\n'

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
    return f'<div class="highlight"><pre {_SCROLLABLE}"Code"><code>{html}</code></pre></div>\n'


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


def _linkify(state: StateInline, silent: bool) -> bool:
    """The library's rule for `https://…`, which is quadratic, given the end of the text only."""
    if silent or not state.src.startswith("://", state.pos):
        return False
    state.pending, scheme = state.pending[:-6], state.pending[-6:]
    state.pushPending()
    state.pending = scheme
    return linkify(state, silent)


def _confine_links(state: StateCore) -> None:
    """Replace external images by links, label empty links, and drop links beyond the budget."""
    budget = _MAX_LINK_CHARACTERS
    for inline in state.tokens:
        children: list[Token] = []
        link: Token | None = None
        for token in inline.children or ():
            budget -= sum(len(str(value)) for value in token.attrs.values())
            if token.type == "link_open":
                link, token.hidden = token, budget < 0 or not _is_allowed(token.attrs["href"])
            elif link and token.type == "link_close":
                if children[-1] is link and not link.hidden:
                    children.append(_text(str(link.attrs["href"])))
                token.hidden = link.hidden
                link = None
            children += _confined_image(token, link, budget) if token.type == "image" else [token]
        inline.children = children


def _confined_image(image: Token, link: Token | None, budget: int) -> list[Token]:
    """Return the image if it is on this site, a link to it, or its text within another `link`."""
    if budget < 0:
        return [_text(image.content)]
    if _is_on_this_site(image.attrs["src"]):
        return [image]
    external = _link_to_picture(image)
    return external[1:2] if link else external


def _link_to_picture(image: Token) -> list[Token]:
    source = image.attrs["src"]
    alt = RendererHTML().renderInlineAsText(image.children, _markdown.options, {}).strip()
    hidden = not _is_allowed(source)
    return [
        Token("link_open", "a", 1, attrs={"href": source}, hidden=hidden),
        _text(alt or str(source)),
        Token("link_close", "a", -1, hidden=hidden),
    ]


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _is_allowed(address: object) -> bool:
    scheme = _SCHEME.match(str(address))
    return scheme is None or scheme[1].lower() in _SCHEMES


def _is_on_this_site(source: object) -> bool:
    return _PATH_ON_THIS_SITE.fullmatch(str(source)) is not None


def _only_own_pictures(tag: str, attribute: str, value: str) -> str | None:
    return value if (tag, attribute) != ("img", "src") or _is_on_this_site(value) else None


_OPTIONS = {"html": False, "linkify": True, "maxNesting": _MAX_NESTING}
_markdown = MarkdownIt("commonmark", _OPTIONS, renderer_cls=_Renderer)
_markdown.enable(["table", "strikethrough", "linkify"])
_TEXT_ENDS = ["paragraph", "reference"]
_markdown.block.ruler.at("table", _bounded_table, {"alt": _TEXT_ENDS})
_markdown.block.ruler.at("list", _nested_list, {"alt": [*_TEXT_ENDS, "blockquote"]})
_markdown.block.ruler.at("blockquote", _nested_quote, {"alt": [*_TEXT_ENDS, "blockquote", "list"]})
_markdown.inline.ruler.at("linkify", _linkify)
_markdown.core.ruler.push("confine_links", _confine_links)
_markdown.core.ruler.push("close_gaps", close_gaps)
_bare_links: Any = _markdown.linkify
_bare_links.set({"fuzzy_link": False})  # README.md and setup.py are not hosts
_bare_links.add("//", None).add("ftp:", None)
# The library's own pretest is slower than the rest of the rendering and matches the same text.
_bare_links.pretest = lambda text: "@" in text or "://" in text

_TAGS = (
    "a blockquote br code div em h2 h3 h4 h5 h6 hr img li ol p pre s span strong "
    "table tbody td th thead tr ul"
)
_SCROLLABLE_VALUES = {"role": {"group"}, "aria-label": {"Code", "Table"}, "tabindex": {"0"}}
_cleaner = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}},
    attribute_filter=_only_own_pictures,
    tag_attribute_values={"div": _SCROLLABLE_VALUES, "pre": _SCROLLABLE_VALUES},
    allowed_classes={
        "div": {"highlight", "table-scroll"},
        "span": TOKEN_CLASSES,
        "td": _ALIGNMENTS,
        "th": _ALIGNMENTS,
    },
    url_schemes=set(_SCHEMES),
    link_rel="ugc nofollow noopener",
)
