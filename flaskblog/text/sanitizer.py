"""The allow-list for the HTML of rendered Markdown."""

import re

import nh3

from flaskblog.text.direction import DIRECTED
from flaskblog.text.highlighting import TOKEN_CLASSES
from flaskblog.text.markdown_links import SCHEMES, is_on_this_site

LINK_REL = "ugc nofollow noopener"
# The ids of a text, which no id of a page is like.
_ID = re.compile(r"text[0-9]*-\S+")
_TAGS = (
    "a blockquote br code details div em h2 h3 h4 h5 h6 hr img input li nav ol p pre s section "
    "span strong summary sup table tbody td th thead tr ul"
)
_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_WITH_DIRECTION = {"div", *DIRECTED}
_ALIGNMENTS = {"align-left", "align-center", "align-right"}
_ATTRIBUTES = {"a": {"href", "id", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
_SCROLLABLE = {"role": {"group"}, "aria-label": {"Code", "Table"}, "tabindex": {"0"}}
_VALUES = {
    "a": {
        "role": {"doc-noteref", "doc-backlink"},
        "aria-label": {"Link to this section", "Back to the text"},
    },
    "div": _SCROLLABLE,
    "input": {
        "type": {"checkbox"},
        "disabled": {""},
        "checked": {""},
        "aria-label": {"Done", "To do"},
    },
    "nav": {"aria-label": {"Contents"}},
    "pre": _SCROLLABLE,
    "section": {"role": {"doc-endnotes"}, "aria-label": {"Footnotes"}},
}


def clean(html: str) -> str:
    """Return the HTML without anything that rendered Markdown does not have."""
    return _cleaner.clean(html)


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "id":
        return value if _ID.fullmatch(value) else None
    if (tag, attribute) == ("img", "src"):
        return value if is_on_this_site(value) else None
    return value


_cleaner = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes=_ATTRIBUTES | {tag: {"id"} for tag in (*_HEADINGS, "li")},
    attribute_filter=_filter_attribute,
    tag_attribute_values={
        tag: _VALUES.get(tag, {}) | ({"dir": {"ltr", "rtl"}} if tag in _WITH_DIRECTION else {})
        for tag in {*_VALUES, *_WITH_DIRECTION}
    },
    # The only control is a box that cannot be changed.
    set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
    allowed_classes={
        "a": {"anchor"},
        "div": {"highlight", "table-scroll"},
        "li": {"task"},
        "nav": {"contents"},
        "section": {"footnotes"},
        "span": TOKEN_CLASSES,
        "td": _ALIGNMENTS,
        "th": _ALIGNMENTS,
    },
    url_schemes=set(SCHEMES),
    link_rel=LINK_REL,
)
