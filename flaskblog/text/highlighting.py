"""Syntax highlighting by CSS class; static/css/code.css has the colours."""

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

_NAMES = (  # lexers that take less than a second; C#, Groovy, Make and Terraform take longer
    "bash c c++ clojure cmake console cpp css dart diff docker elixir elm erlang fsharp go graphql "
    "haskell html http ini java javascript js json jsx julia kotlin latex lua markdown matlab "
    "mysql nginx nim nix objective-c ocaml perl php postgresql powershell py pycon python r rb rs "
    "ruby rust scala scss sh sql swift toml ts tsx typescript vim xml yaml yml zig"
)
LANGUAGES = frozenset(_NAMES.split())
TOKEN_CLASSES = frozenset(STANDARD_TYPES.values()) - {""}

_FORMATTER = HtmlFormatter(nowrap=True)


def highlight_code(code: str, language: str) -> str:
    """Return HTML of code in one of LANGUAGES; may take quadratic time."""
    return str(highlight(code, get_lexer_by_name(language, stripnl=False), _FORMATTER))
