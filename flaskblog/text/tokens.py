"""Tokens of the Markdown parser."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

_RENDERER = RendererHTML()
_OPTIONS = MarkdownIt().options


def text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


def link_tokens(text: str, **attributes: str | int | float) -> list[Token]:
    """A link around a text."""
    attrs = {name.replace("_", "-"): value for name, value in attributes.items()}
    return [
        Token("link_open", "a", 1, attrs=attrs),
        text_token(text),
        Token("link_close", "a", -1),
    ]


def plain_text(tokens: Sequence[Token] | None) -> str:
    """The text of inline tokens, without their markup."""
    return _RENDERER.renderInlineAsText(tokens, _OPTIONS, {}).replace("\n", " ").strip()
