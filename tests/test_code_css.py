"""Highlighted code is readable in light and dark."""

import re
from pathlib import Path

CODE_CSS = Path(__file__).parents[1] / "flaskblog" / "static" / "css" / "code.css"


def test_every_colour_of_code_stands_out_from_its_background() -> None:
    light, *dark = re.findall(r"\{([^{}]*--code-[^{}]*#[^{}]*)\}", CODE_CSS.read_text())
    assert len(dark) == 2
    for colours, background in [(light, "#f3f5f7"), (dark[0], "#1a1f28"), (dark[1], "#1a1f28")]:
        for colour in re.findall("#[0-9a-f]{6}", colours):
            assert _contrast(colour, background) >= 4.5, colour


def _contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
