"""Avatars: the picture of a member, or their initials."""

import colorsys
import hashlib
import re
from collections.abc import Callable
from typing import Any

from flask import url_for

from flaskblog.media.images import SIZE


def picture_url(member: Any, build_url: Callable[..., str] = url_for) -> str:
    """Return the URL of a member's picture, or of their initials."""
    if member.picture:
        return build_url("users.picture", name=member.picture)
    return build_url("users.initials", username=member.username)


def initials_svg(name: str) -> str:
    """Return an SVG file with the first letters of the first and last part of the name.

    Only letters and digits of the name are used, so there is nothing to escape. The colour is the
    same for every case of the name; white on it keeps WCAG 2.2's 4.5:1 (1.4.3) for every hue.
    """
    parts = re.findall(r"[^\W_]+", name) or ["?"]
    initials = "".join(part[0].upper()[0] for part in parts[:1] + parts[1:][-1:])
    digest = hashlib.sha256(name.casefold().encode()).digest()
    hue = int.from_bytes(digest[:4]) % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE}" height="{SIZE}"'
        f' viewBox="0 0 {SIZE} {SIZE}">'
        f'<rect width="{SIZE}" height="{SIZE}" fill="{_dark(hue)}"/>'
        f'<text x="50%" y="50%" fill="#fff" font-family="system-ui, sans-serif" font-size="52"'
        f' font-weight="600" text-anchor="middle" dominant-baseline="central">{initials}</text>'
        "</svg>"
    )


def _dark(hue: int) -> str:
    channels = colorsys.hls_to_rgb(hue / 360, 0.28, 0.55)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in channels)
