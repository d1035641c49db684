"""Highlighted code is readable in light and dark."""

import re
from pathlib import Path

CSS = Path(__file__).parents[2] / "flaskblog" / "static" / "css"
LIGHT_DARK = re.compile(r"(--[a-z-]+):.*?light-dark\((#\w{6}), (#\w{6})\)")


def test_every_colour_of_code_has_enough_contrast() -> None:
    light, dark = next(
        values
        for name, *values in LIGHT_DARK.findall((CSS / "tokens.css").read_text())
        if name == "--raised"
    )
    code = LIGHT_DARK.findall((CSS / "code.css").read_text())
    assert len(code) == 7
    for name, on_light, on_dark in code:
        assert _contrast(on_light, light) >= 4.5, name
        assert _contrast(on_dark, dark) >= 4.5, name


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
