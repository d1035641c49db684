"""Code with its tokens marked by class; static/css/code.css colours them."""

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

_NAMES = (  # whose lexers stay within a second; C#, Groovy, Make, Terraform do not
    "bash c c++ clojure cmake console cpp css dart diff docker elixir elm erlang fsharp go graphql "
    "haskell html http ini java javascript js json jsx julia kotlin latex lua markdown matlab "
    "mysql nginx nim nix objective-c ocaml perl php postgresql powershell py pycon python r rb rs "
    "ruby rust scala scss sh sql swift toml ts tsx typescript vim xml yaml yml zig"
)
LANGUAGES = frozenset(_NAMES.split())
TOKEN_CLASSES = frozenset(STANDARD_TYPES.values()) - {""}

_FORMATTER = HtmlFormatter(nowrap=True)


def highlighted(code: str, language: str) -> str:
    """HTML of code in one of LANGUAGES; may take time in the square of the code's length."""
    return str(highlight(code, get_lexer_by_name(language, stripnl=False), _FORMATTER))
