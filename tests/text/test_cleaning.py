"""Normalization of user input: NFC, without hidden characters, idempotent."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskblog.text.cleaning import clean_line, clean_text, is_blank

HIDDEN = [
    *(chr(code) for code in range(0x20) if chr(code) not in "\t\n\r"),
    *(chr(code) for code in range(0x7F, 0xA0) if code != 0x85),
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb",
    "\ud800",
    "\udfff",
    "\ufdd0",
    "\ufffe",
    "\uffff",
    "\U0001ffff",
    "\U0010fffe",
]
# Letters, marks, what is hidden, what is drawn as nothing, and every kind of line end.
TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from([*HIDDEN, *"\r\n\t \x85\u2028\u2029\u00a0\u3000\u200b\u3164"]),
        st.sampled_from("aeo\u0301\u0308\u0327\u0316\u0344\u212bﬁ한\u1112\u1161\u11ab"),
    )
)
BLANK = [
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\u3164",
    "\u2800",
    "\u200d\u0301",
    "\u115f",
]


@given(TEXTS)
def test_clean_text_is_nfc_without_hidden_characters(text: str) -> None:
    for cleaned in (clean_text(text), clean_line(text)):
        assert unicodedata.is_normalized("NFC", cleaned)
        assert not set(cleaned) & set(HIDDEN)
        assert "\r" not in cleaned
        cleaned.encode()


@given(TEXTS)
def test_cleaning_is_idempotent(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(TEXTS)
def test_a_clean_line_has_no_line_break_or_outer_space(text: str) -> None:
    line = clean_line(text)
    assert len(line.splitlines()) <= 1
    assert line == line.strip()
    assert "  " not in line


@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
def test_hidden_characters_are_removed(hidden: str) -> None:
    assert clean_text(f"left{hidden}right") == "leftright"
    assert clean_line(f"left{hidden}right") == "leftright"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_every_line_end_becomes_lf(end: str) -> None:
    assert clean_text(f"one{end}{end}two") == "one\n\ntwo"
    assert clean_line(f"one{end}two") == "one two"


def test_leading_empty_lines_are_removed_and_indentation_is_kept() -> None:
    assert clean_text("\n \t\n    code\n\n") == "    code"


@pytest.mark.parametrize(
    "text", ["न\u200dह\u200c", "👩\u200d💻 ❤\ufe0f", "שלום\u200f!", "ไทย\u200bไทย"], ids=ascii
)
def test_joiners_and_marks_of_languages_are_kept(text: str) -> None:
    assert clean_text(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", BLANK, ids=ascii)
def test_invisible_text_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(f"{text}x")


def test_runs_of_combining_marks_are_cut_at_thirty() -> None:
    pile = "a" + "\u0316\u0300" * 200_000
    begun = time.process_time()
    cleaned = clean_text(pile)
    assert time.process_time() - begun < 2
    assert 25 <= len(cleaned) <= 31
