"""Topics of invented posts, and their text templates.

In a template `[red|green]` is a random choice at each use; `{bird}` is a word chosen once for a
whole post, for its title and its text alike, and `{Bird}` is the same word capitalised.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

_CHOICE = re.compile(r"\[([^\[\]|]*(?:\|[^\[\]|]*)+)\]")


class Template:
    """A text with choices, parsed once."""

    def __init__(self, source: str) -> None:
        parts = _CHOICE.split(source)
        self._fixed = parts[::2]
        self._choices = [choice.split("|") for choice in parts[1::2]]

    def render(self, rng: Random, words: dict[str, str]) -> str:
        parts = [self._fixed[0]]
        for options, fixed in zip(self._choices, self._fixed[1:], strict=True):
            parts += options[int(rng.random() * len(options))], fixed
        return "".join(parts).format_map(words)


@dataclass(frozen=True, eq=False)
class Topic:
    """`bodies` may follow each other in any order; each of `extras` is one to three blocks."""

    titles: list[Template]
    openings: list[Template]
    bodies: list[Template]
    extras: list[Template]
    closings: list[Template]
    vocabulary: dict[str, list[str]]

    def choose_words(self, rng: Random) -> dict[str, str]:
        words: dict[str, str] = {}
        for name, options in self.vocabulary.items():
            word = options[int(rng.random() * len(options))]
            words[name] = word
            words[name.capitalize()] = word[0].upper() + word[1:]
        return words


def read_topics() -> tuple[list[Topic], list[str]]:
    """Return the topics, and the subtitles that any title may have after a colon."""
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
        titles=[Template(title) for title in source["titles"]],
        openings=_paragraphs(source["openings"]),
        bodies=_paragraphs(source["bodies"]),
        extras=[Template(extra.strip()) for extra in source["extras"]],
        closings=_paragraphs(source["closings"]),
        vocabulary=everyday | source["words"],
    )


def _paragraphs(source: str) -> list[Template]:
    return [Template(" ".join(block.split())) for block in source.strip().split("\n\n")]
