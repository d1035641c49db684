import re
from xml.etree import ElementTree as ET

import pytest

from flaskblog.users.avatars import SIZE, initials_svg


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


def test_a_name_keeps_its_colour_whatever_its_case() -> None:
    assert initials_svg("ada.lovelace") == initials_svg("Ada.LOVELACE")
    assert initials_svg("ada.lovelace") != initials_svg("anna.lee")


def test_initials_are_readable_on_every_hue() -> None:
    drawings = (initials_svg(f"a{number}") for number in range(6000))
    grounds = {re.findall(r'fill="#(\w{6})"', drawing)[0] for drawing in drawings}
    assert len(grounds) > 300
    assert min(1.05 / (luminance(ground) + 0.05) for ground in grounds) >= 4.5


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (value / 255 for value in bytes.fromhex(colour))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
