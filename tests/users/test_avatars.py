"""Initials, which stand for a member without a picture."""

from xml.etree import ElementTree as ET

import pytest

from flaskblog.media.images import SIZE
from flaskblog.users.avatars import COLOURS, initials, initials_svg


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bob", "B"),
        ("ada.lovelace", "AL"),
        ("emma_chen", "EC"),
        ("Emma Chen", "EC"),
        ("ada-ada", "AA"),
        ("jean_luc-p.picard", "JP"),
        ("a..b__", "AB"),
        ("7of9", "7"),
        ("zoë.öst", "ZÖ"),
        ("Zoe\u0308 O\u0308st", "ZO"),
        ("नमस्ते", "न"),
        ("👩‍🚀 Sally Ride", "SR"),
        ("ßen", "S"),
        ("", ""),
        ('"><script>&\x00', "S"),
    ],
)
def test_initials_come_from_the_first_and_last_part(name: str, expected: str) -> None:
    assert initials(name) == expected


@pytest.mark.parametrize(
    ("username", "letters", "expected"),
    [("emma_chen", "", "EC"), ("emma_chen", "ÉÖ", "ÉÖ"), ("x", '<"&', "X"), ("..", "ABCDE", "AB"),
     ("..", "", "?")],
)  # fmt: skip
def test_the_drawing_shows_given_letters_or_the_initials_of_the_username(
    username: str, letters: str, expected: str
) -> None:
    svg = ET.fromstring(initials_svg(username, letters))  # our own drawing
    assert "".join(svg.itertext()) == expected
    assert svg.attrib["viewBox"] == f"0 0 {SIZE} {SIZE}"


def test_initials_need_no_inline_style() -> None:
    assert "style" not in initials_svg("ada.lovelace")


def test_the_colour_does_not_depend_on_case_or_letters() -> None:
    assert initials_svg("ada.lovelace", "X") == initials_svg("Ada.LOVELACE", "X")
    drawings = {initials_svg(f"a{number}") for number in range(200)}
    assert len(drawings) == len(COLOURS) == 12


def test_every_pair_of_colours_has_a_contrast_of_seven_to_one() -> None:
    contrasts = [
        (luminance(background) + 0.05) / (luminance(text) + 0.05) for background, text in COLOURS
    ]
    assert min(contrasts) >= 7


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = (value / 255 for value in bytes.fromhex(colour[1:]))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
