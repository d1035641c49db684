"""Typographic quotation marks."""

import pytest

from flaskblog.text.markdown import render
from tests.support.html import Page


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ('"a" \'b\' it\'s "*c*"', "\u201ca\u201d \u2018b\u2019 it\u2019s \u201cc\u201d"),
        ("\"a\"[^1], 'b'[^1]\n\n[^1]: c", "\u201ca\u201d1, \u2018b\u20191"),
        ('`"a"`', '"a"'),
        ('```\n"a"\n```', '"a"'),
        ('\\"a\\"', '"a"'),
    ],
)
def test_quotes_are_typographic_except_in_code(source: str, shown: str) -> None:
    assert Page(render(source)).text.partition("\n")[0] == shown


def test_so_many_quotes_that_they_take_too_long_stay_as_they_are() -> None:
    assert Page(render("'" * 100_000 + " 'a'")).text.endswith(" 'a'\n")
