"""Avatars: the picture of a member, or their initials."""

import hashlib
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import url_for

from flaskblog.media.images import SIZE
from flaskblog.rules import DISPLAY_NAME_LENGTH

# A light background and a dark text of the same hue: oklch(.88 .07 h) and oklch(.33 .09 h), where
# h is 0, 30, … 330. As sRGB, since SVG attributes with oklch() are too new for many programs.
# Each pair has WCAG 2.2's contrast of 7:1 (1.4.6).
COLOURS = [
    ("#ffc5d5", "#581d33"),
    ("#ffc7bc", "#5b1f17"),
    ("#fbcdaa", "#552700"),
    ("#e9d6a3", "#473200"),
    ("#d1dfab", "#303b00"),
    ("#b7e5bf", "#01421a"),
    ("#a4e7d9", "#004337"),
    ("#a1e5f1", "#00404f"),
    ("#aedeff", "#003a5e"),
    ("#c5d6ff", "#243163"),
    ("#deceff", "#3d285c"),
    ("#f3c7ee", "#4e214b"),
]


def picture_url(member: Any, build_url: Callable[..., str] = url_for) -> str:
    """Return the URL of a member's picture, or of their initials."""
    if member.picture:
        return build_url("users.picture", name=member.picture)
    if member.name == member.username:
        return build_url("users.initials", username=member.username)
    # In the URL, so that a new display name has new initials at once, without a query.
    return build_url("users.initials", username=member.username, letters=initials(member.name))


# What is in a URL is cut before: long texts would take much memory.
@lru_cache(maxsize=1024)
def initials(name: str) -> str:
    """The first letters of the first and the last part of a name; empty if it has no letter."""
    words = "".join(char if _is_of_word(char) else " " for char in name).split()
    first_letters = [next(filter(str.isalnum, word), "") for word in words]
    first_and_last = first_letters[:1] + first_letters[1:][-1:]
    return "".join(letter.upper()[:1] for letter in first_and_last)


def initials_svg(username: str, letters: str = "") -> str:
    """Return an SVG file with two letters, or the initials of the username.

    Only letters and digits are used, so there is nothing to escape. The colour depends on the
    username, and is the same for every case of it.
    """
    shown = (
        "".join(filter(str.isalnum, letters))[:2] or initials(username[:DISPLAY_NAME_LENGTH]) or "?"
    )
    digest = hashlib.sha256(username.casefold().encode()).digest()
    background, text = COLOURS[digest[0] % len(COLOURS)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}"'
        f' viewBox="0 0 {SIZE} {SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" fill="{background}"/>'
        f'<text x="50%" y="50%" fill="{text}" font-family="system-ui, sans-serif" font-size="48"'
        f' font-weight="600" text-anchor="middle" dominant-baseline="central">{shown}</text>'
        "</svg>"
    )


def _is_of_word(char: str) -> bool:
    """Whether it is a letter, a digit, or a mark on one."""
    return unicodedata.category(char)[0] in "LNM"
