"""Hashing and checking passwords."""

import time
import unicodedata

import pytest

from flaskblog.models.passwords import check_password, hash_password


@pytest.mark.parametrize(
    ("one", "other"),
    [("a" * 72 + "b", "a" * 72 + "c"), ("a" * 500, "a" * 501), ("🦊" * 19, "🦊" * 20),
     ("before\x00after", "before\x00other"), ("Fox and hen", "fox and hen"), ("spaced ", "spaced")],
)  # fmt: skip
def test_every_character_of_a_password_counts(one: str, other: str) -> None:
    stored = hash_password(one)
    assert check_password(stored, one)
    assert not check_password(stored, other)


def test_unicode_forms_of_one_password_match() -> None:
    stored = hash_password(unicodedata.normalize("NFC", "crème brûlée"))
    assert check_password(stored, unicodedata.normalize("NFD", "crème brûlée"))


@pytest.mark.parametrize(
    "stored", [None, "", "!", "$2b$", "$2b$04$short", "x" * 60, "é" * 60, "$2b$99$" + "." * 53]
)
def test_a_missing_or_corrupt_hash_matches_nothing(stored: str | None) -> None:
    assert not check_password(stored, "a password")
    assert not check_password(stored, "")


def test_a_very_long_password_is_checked_quickly() -> None:
    start = time.perf_counter()
    assert not check_password(hash_password("a password"), "a" + "\u0316\u0300" * 200_000)
    assert time.perf_counter() - start < 2


@pytest.mark.usefixtures("client")
def test_two_hashes_of_one_password_differ() -> None:
    assert hash_password("a password") != hash_password("a password")
