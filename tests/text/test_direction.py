"""The direction of blocks."""

from flaskblog.text.markdown import render
from tests.support.html import assert_safe


def test_each_block_has_the_direction_of_its_first_letter() -> None:
    source = "# سلام\n\n1 (سلام) a\n\nword سلام\n\n> سلام\n>\n> a\n\n- سلام\n- 1\n- a\n\n    سلام"
    assert [
        (tag, attributes["dir"])
        for tag, attributes in assert_safe(render(source)).elements
        if "dir" in attributes
    ] == [
        ("h2", "rtl"),
        ("p", "rtl"),
        ("blockquote", "rtl"),
        ("p", "ltr"),
        ("ul", "rtl"),
        ("li", "ltr"),
        ("p", "rtl"),
    ]
