"""What the invented posts are made of: topics, and sentences with choices in them.

In a text `[red|green]` is a choice made anew each time; `{bird}` is a word chosen once for a
whole post, so that title and text speak of the same thing, and `{Bird}` is it with a capital.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

_CHOICE = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")


class Text:
    """A text with choices, taken apart once so that it can be written out many times."""

    def __init__(self, source: str) -> None:
        parts = _CHOICE.split(source)
        self._fixed = parts[::2]
        self._choices = [choice.split("|") for choice in parts[1::2]]

    def write(self, rng: Random, words: dict[str, str]) -> str:
        written = [self._fixed[0]]
        for options, fixed in zip(self._choices, self._fixed[1:], strict=True):
            written += options[int(rng.random() * len(options))], fixed
        return "".join(written).format_map(words)


@dataclass(frozen=True, eq=False)
class Topic:
    """`bodies` may follow each other in any order; each of `extras` is one to three blocks."""

    titles: list[Text]
    openings: list[Text]
    bodies: list[Text]
    extras: list[Text]
    closings: list[Text]
    vocabulary: dict[str, list[str]]

    def choose_words(self, rng: Random) -> dict[str, str]:
        words: dict[str, str] = {}
        for name, options in self.vocabulary.items():
            word = options[int(rng.random() * len(options))]
            words[name] = word
            words[name.capitalize()] = word[0].upper() + word[1:]
        return words


def read_topics() -> tuple[list[Topic], list[str]]:
    """Return the topics, and the tails that any title may take after a colon."""
    here = Path(__file__).parent
    everyday = _read(here / "everyday.toml")
    topics = [
        _topic(_read(path), everyday["words"]) for path in sorted((here / "topics").glob("*.toml"))
    ]
    return topics, everyday["tails"]


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _topic(source: dict[str, Any], everyday: dict[str, list[str]]) -> Topic:
    return Topic(
        titles=[Text(title) for title in source["titles"]],
        openings=_paragraphs(source["openings"]),
        bodies=_paragraphs(source["bodies"]),
        extras=[Text(extra.strip()) for extra in source["extras"]],
        closings=_paragraphs(source["closings"]),
        vocabulary=everyday | source["words"],
    )


def _paragraphs(source: str) -> list[Text]:
    return [Text(" ".join(block.split())) for block in source.strip().split("\n\n")]
