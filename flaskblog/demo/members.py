"""Invented members: usernames, addresses, the times of joining, and some names and bios."""

import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

SITE_AGE = timedelta(days=3 * 365)
MAX_USERNAME_LENGTH = 20
ATTEMPTS_WITHOUT_NUMBER = 4
_DOMAINS = ("example.org", "example.com", "example.net")  # reserved for examples by RFC 2606
_HANDLES = (
    "{first}",
    "{first}.{last}",
    "{first}_{last}",
    "{first}-{last}",
    "{first}{last}",
    "{First}{Last}",
    "{First}.{Last}",
    "{last}.{first}",
    "{initial}.{last}",
    "{initial}{last}",
    "{first}.{letter}",
    "{first}_{noun}",
    "{noun}.{first}",
    "{adjective}_{noun}",
    "{adjective}-{noun}",
    "{Adjective}{Noun}",
    "the.{adjective}.{noun}",
    "{noun}_and_{other}",
    "{noun}{year}",
)

_BIOS = (
    "Mends bicycles and old radios.",
    "Grows garlic, plums and far too many turnips.",
    "Up before the birds, to count them.\nhttps://example.org/lists",
    "Reads timetables for pleasure.",
    "Plays the cello when nobody listens.",
    "Keeps a rain gauge, and opinions about it.",
    "",
    "Writes small programs for small computers.\nhttps://example.net/attic",
    "Looks up when the sky is clear.",
    "Has had a library card since 1987.",
)


class Person(NamedTuple):
    username: str
    email: str
    joined_at: datetime
    display_name: str
    bio: str


def people(count: int, *, seed: int, now: datetime) -> Iterator[Person]:
    """Yield members in the order they joined, over the three years before the aware time `now`.

    Usernames and addresses are unique whatever their case, for any count.
    """
    rng = Random(seed)
    words = _word_lists()
    taken: set[str] = set()
    for index in range(count):
        username = _free_username(rng, words, taken)
        taken.add(username.casefold())
        email = f"{username.casefold()}@{rng.choice(_DOMAINS)}"
        share = (index + rng.random()) / count
        # An exponent above 1: more people join while the site is new.
        joined_at = now - SITE_AGE * (1 - share**1.3)
        display_name = _display_name(username, words)
        bio = _BIOS[index % len(_BIOS)] if display_name else ""
        yield Person(username, email, joined_at, display_name, bio)


def _word_lists() -> dict[str, list[str]]:
    text = Path(__file__).with_name("names.toml").read_text(encoding="utf-8")
    return {kind: words.split() for kind, words in tomllib.loads(text).items()}


def _free_username(rng: Random, words: dict[str, list[str]], taken: set[str]) -> str:
    attempts = 0
    while True:
        username = _username(rng, words)
        if attempts >= ATTEMPTS_WITHOUT_NUMBER:
            username += str(rng.randrange(2, 10 ** (attempts - 2)))
        if len(username) <= MAX_USERNAME_LENGTH and username.casefold() not in taken:
            return username
        attempts += 1


def _display_name(username: str, words: dict[str, list[str]]) -> str:
    """The first and last name of a username that is made of both, or nothing."""
    first, _, last = re.sub("[._-]", " ", username.lower()).partition(" ")
    is_name = first in words["first"] and last in words["last"]
    return f"{first.capitalize()} {last.capitalize()}" if is_name else ""


def _username(rng: Random, words: dict[str, list[str]]) -> str:
    first, last = rng.choice(words["first"]), rng.choice(words["last"])
    adjective, noun = rng.choice(words["adjectives"]), rng.choice(words["nouns"])
    return rng.choice(_HANDLES).format(
        first=first,
        First=first.capitalize(),
        initial=first[0],
        last=last,
        Last=last.capitalize(),
        letter=last[0],
        adjective=adjective,
        Adjective=adjective.capitalize(),
        noun=noun,
        Noun=noun.capitalize(),
        other=rng.choice(words["nouns"]),
        year=rng.randrange(55, 100),
    )
