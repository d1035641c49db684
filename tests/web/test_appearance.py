"""Theme colours outside of the stylesheet match it."""

from pathlib import Path

import pytest

from flaskblog.web.appearance import THEME_COLORS
from tests.support.client import Client, read

TOKENS = Path(__file__).parents[2] / "flaskblog" / "static" / "css" / "tokens.css"
LIGHT, DARK = THEME_COLORS["light"], THEME_COLORS["dark"]


def test_theme_colors_match_the_background_of_the_stylesheet() -> None:
    paper = TOKENS.read_text().partition("--paper:")[2].partition(";")[0]
    assert f"light-dark({LIGHT}, {DARK})" in paper


@pytest.mark.parametrize(
    ("cookie", "colors"),
    [("", [LIGHT, DARK]), ("light-normal", [LIGHT]), ("dark-more", [DARK])],
)
def test_a_page_has_the_theme_color_of_its_appearance(
    client: Client, cookie: str, colors: list[str]
) -> None:
    client.set_cookie("appearance", cookie)
    page = read(client.get("/about"))
    assert [tag["content"] for tag in page.select("meta[name=theme-color]")] == colors
