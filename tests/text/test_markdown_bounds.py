"""Limits of rendering: time and size of the HTML for adversarial Markdown."""

from time import process_time

import pytest

from flaskblog.text.markdown import render
from tests.support.html import assert_safe

PLAIN_TEXT = "The quick *fox* jumps over the **lazy** dog and [links](/dog) to it.\n\n" * 1400

OVERLOADS = {
    "brackets": "[" * 100_000,
    "pictures": "![" * 50_000,
    "brackets below the bound": ("![" * 9_999).ljust(100_000, "*"),
    "quotes": ">" * 100_000,
    "quotes and lists": "> - " * 25_000,
    "lists on one line": "- " * 50_000,
    "nested lists": "\n".join("  " * depth + "- a" for depth in range(300)),
    "lazy lines in deep quotes": "> " * 500 + "a\n" + "b\n" * 14_900,
    "list items": "- a\n* b\n+ c\n" * 4_990,
    "emphasis": "*_" * 50_000,
    "strong": "**a " * 25_000,
    "backticks": "".join("`" * length + " " for length in range(440)),
    "angles": "<" * 100_000,
    "ampersands": "&" * 100_000,
    "addresses": "a@" * 50_000,
    "schemes": "http://" * 14_000,
    "hosts": "http://a." * 11_000,
    "www": "www." * 25_000,
    "mailto": "mailto:" * 14_000,
    "definitions": "".join(f"[{number}]: x\n" for number in range(9_000)),
    "one long address used often": "[a]: /" + "u" * 30_000 + "\n\n" + "[a]" * 9_900,
    "one long picture used often": "[a]: /" + "u" * 30_000 + "\n\n" + "![][a]" * 4_900,
    "a wide table": "|" + "a|" * 12_000 + "\n|" + "-|" * 12_000 + "\n" + "|\n" * 14_900,
    "many tables": ("|" * 50 + "\n" + "|-" * 49 + "\n" + "a\n" * 500 + "\n") * 29,
    "many table headers": "a|b\n-|-\n" * 7_400,
    "fences": "```\n" * 14_900,
    "ten thousand footnotes": "".join(f"a[^{number}]\n" for number in range(7_000)),
    "footnotes": "".join(f"a[^{number}]\n\n[^{number}]: b\n\n" for number in range(1_000)),
    "footnotes in footnotes": "[^0]\n\n"
    + "".join(f"[^{number}]: b[^{number + 1}]\n" for number in range(999)),
    "one footnote used often": "[^a]: b\n\n" + "[^a] " * 1_990,
    "headings in a footnote": "[^a]\n\n[^a]: # b\n" + "    # b\n" * 12_000,
    "lists in a footnote": "[^a]\n\n[^a]: " + "+ " * 40_000,
    "open footnotes": ("[^" + "a" * 45) * 1_990,
    "duplicate headings": "# a\n" * 14_900,
    "numbered headings": "".join(f"# a-{number}\n" for number in range(2, 6_000)) + "# a\n" * 8_000,
    "a long heading in the contents": "# a\n# b\n# " + "c " * 49_000,
    "nested tasks": "\n".join("  " * depth + "- [ ] a" for depth in range(200)),
    "tasks": "- [x] a\n" * 9_900,
    "double quotes": '"' * 100_000,
    "single quotes": "'" * 4_400,
    "quotes in many paragraphs": ('*"*a*' * 60 + "\n\n") * 270,
    "right-to-left items": "- \u0633\n- a\n" * 4_900,
    "footnotes, headings, tasks and quotes": "".join(
        f'# a "b"[^{number}]\n- [ ] "\u0633"\n\n[^{number}]: \'c\' d\n' for number in range(990)
    ),
    "code in a language with slow rules": f"```java\n{'a ' * 1_990}\n```\n" * 24,
}


@pytest.fixture(scope="module")
def seconds_of_plain_text() -> float:
    return min(_seconds(PLAIN_TEXT)[0] for _ in range(3))


@pytest.mark.parametrize("name", OVERLOADS)
def test_adversarial_text_stays_within_the_limits(name: str, seconds_of_plain_text: float) -> None:
    seconds, html = _seconds(OVERLOADS[name])
    assert seconds < 40 * seconds_of_plain_text
    assert len(html) < 1_600_000
    assert assert_safe(html).depth <= 40


def _seconds(source: str) -> tuple[float, str]:
    """Seconds of the processor that rendering takes, and the HTML."""
    began = process_time()
    html = render(source)
    return process_time() - began, html


def test_text_beyond_a_limit_is_still_shown() -> None:
    assert "deep" in render("> " * 50 + "deep")
    assert "deep" in render("- " * 50 + "deep")
    assert "deep" in render("> - " * 50 + "deep")
    assert "deep" in render("- [ ] " * 50 + "deep")
    assert "last" in render("[" * 50_000 + "last")
    assert "last" in render("".join(f"[^{number}]: a\n" for number in range(10_000)) + "last")
    assert "last" in render("a\n" * 30_000 + "last")
    assert "last" in render("a|b\n-|-\n" + "c|d\n" * 15_000 + "last")


@pytest.mark.parametrize("source", ["[" * 10_001, "a\n" * 15_001])
def test_text_too_expensive_to_parse_is_shown_as_source(source: str) -> None:
    page = assert_safe(render(source))
    assert [tag for tag, _ in page.elements] == ["div", "pre", "code"]
    assert page.text.strip() == source.strip()
