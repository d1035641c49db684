"""Initials, which stand for a member without a picture."""

import re
from xml.etree import ElementTree as ET

import pytest

from flaskblog.media.images import SIZE
from flaskblog.users.avatars import initials_svg


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("bob", "B"),
        ("ada.lovelace", "AL"),
        ("ada-ada", "AA"),
        ("jean_luc-p.picard", "JP"),
        ("a..b__", "AB"),
        ("7of9", "7"),
        ("zoë.öst", "ZÖ"),
        ("ßen", "S"),
        ("", "?"),
        ('"><script>&\x00', "S"),
    ],
)
def test_initials_come_from_the_first_and_last_part(name: str, initials: str) -> None:
    svg = ET.fromstring(initials_svg(name))  # our own drawing
    assert "".join(svg.itertext()) == initials
    assert svg.attrib["viewBox"] == f"0 0 {SIZE} {SIZE}"


def test_initials_need_no_inline_style() -> None:
    assert "style" not in initials_svg("ada.lovelace")


def test_the_colour_does_not_depend_on_case() -> None:
    assert initials_svg("ada.lovelace") == initials_svg("Ada.LOVELACE")
    assert initials_svg("ada.lovelace") != initials_svg("anna.lee")


def test_every_background_has_enough_contrast() -> None:
    drawings = (initials_svg(f"a{number}") for number in range(6000))
    backgrounds = {re.findall(r'fill="#(\w{6})"', drawing)[0] for drawing in drawings}
    assert len(backgrounds) > 300
    assert min(1.05 / (luminance(background) + 0.05) for background in backgrounds) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (value / 255 for value in bytes.fromhex(colour))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
