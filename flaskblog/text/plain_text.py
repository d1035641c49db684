"""Links in plain text: addresses with `http` or `https`, as they were typed."""

from functools import lru_cache

from linkify_it import LinkifyIt
from linkify_it.main import Match
from markupsafe import Markup

_links = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
for _scheme in ("ftp:", "//", "mailto:"):
    _links.add(_scheme, None)


def find_links(text: str) -> list[Match]:
    return _links.match(text) or []


@lru_cache(maxsize=1024)
def with_links(text: str) -> Markup:
    """Return HTML in which addresses are links and line breaks are kept."""
    parts, end = [], 0
    for link in find_links(text):
        parts += [Markup.escape(text[end : link.index]), _anchor(link)]
        end = link.last_index
    parts.append(Markup.escape(text[end:]))
    return Markup("").join(parts).replace("\n", Markup("<br>\n"))


def _anchor(link: Match) -> Markup:
    return Markup('<a href="{}" rel="ugc nofollow noopener">{}</a>').format(link.url, link.text)
