"""Links and pictures of rendered Markdown: to safe addresses, within a budget."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token

from flaskblog.text.tokens import link_tokens, plain_text, text_token

SCHEMES = frozenset({"http", "https", "mailto"})

_MAX_LINK_CHARACTERS = 500_000  # each use of a reference repeats its URL and title
_SCHEME = re.compile(r"([^/?#:]*):")
_PATH_ON_THIS_SITE = re.compile(r"/(?![/\\]|%5c)[^\\\s]*", re.IGNORECASE)


def install(markdown: MarkdownIt) -> None:
    markdown.enable("linkify")
    markdown.inline.ruler.at("linkify", _linkify)
    markdown.core.ruler.push("confine_links", _confine_links)
    bare_links: Any = markdown.linkify
    bare_links.set({"fuzzy_link": False})  # README.md and setup.py are not hosts
    bare_links.add("//", None).add("ftp:", None)
    # The library's own pretest is slower than the rest of the rendering and matches the same text.
    bare_links.pretest = lambda text: "@" in text or "://" in text


def is_on_this_site(source: object) -> bool:
    return _PATH_ON_THIS_SITE.fullmatch(str(source)) is not None


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
                    children.append(text_token(str(link.attrs["href"])))
                token.hidden = link.hidden
                link = None
            children += _confined_image(token, link, budget) if token.type == "image" else [token]
        inline.children = children


def _confined_image(image: Token, link: Token | None, budget: int) -> list[Token]:
    """Return the image if it is on this site, a link to it, or its text within another `link`."""
    if budget < 0:
        return [text_token(image.content)]
    if is_on_this_site(image.attrs["src"]):
        return [image]
    external = _link_to_picture(image)
    return external[1:2] if link else external


def _link_to_picture(image: Token) -> list[Token]:
    source = image.attrs["src"]
    link = link_tokens(plain_text(image.children) or str(source), href=source)
    link[0].hidden = link[-1].hidden = not _is_allowed(source)
    return link


def _is_allowed(address: object) -> bool:
    scheme = _SCHEME.match(str(address))
    return scheme is None or scheme[1].lower() in SCHEMES
