"""The rules of usernames, e-mail addresses, passwords, titles and contents.

Each rule returns the value as it is stored, or raises `RuleError` with a message for the user.
Forms, API and commands share them.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from flaskblog.text.cleaning import clean_line, clean_text, has_hidden_characters, is_blank
from flaskblog.text.plain_text import find_links

TITLE_LENGTH = 100
CONTENT_LENGTH = 100_000
DRAFT_TITLE_LENGTH = 1_000
USERNAME_LENGTH = 20
DISPLAY_NAME_LENGTH = 40
BIO_LENGTH = 300
REASON_LENGTH = 500
BIO_LINES = 10
BIO_LINKS = 5
EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets
PASSWORD_LENGTHS = (8, 1000)

_USERNAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,19}")
_LISTS = Path(__file__).parent / "users"


class RuleError(ValueError):
    """The value is invalid; the message tells the user why, and what is valid."""


def username(typed: str) -> str:
    name = clean_line(typed)
    if not name:
        raise RuleError("Choose a username.")
    if not _USERNAME.fullmatch(name) or name != typed.strip():
        raise RuleError(
            "Use 2 to 20 letters (a to z), digits, dots, underscores or hyphens, "
            "starting with a letter or a digit."
        )
    if username_key(name) in _listed("reserved_usernames.txt"):
        raise RuleError("That username is reserved. Choose another one.")
    return name


def username_key(name: str) -> str:
    """The same for every spelling of one name; an empty string for an invalid name."""
    return name.strip().lower() if _USERNAME.fullmatch(name.strip()) else ""


def display_name(typed: str) -> str:
    """Empty for none. Nobody can hide characters in a name, or imitate an address or a role."""
    name = _no_longer_than(DISPLAY_NAME_LENGTH, "display name", clean_line(typed))
    if not typed.strip():
        return ""
    if has_hidden_characters(typed.strip()):
        raise RuleError(
            "A display name cannot contain control characters, invisible characters or marks "
            "that change the direction of text. Type it without them."
        )
    if not any(map(str.isalnum, name)):
        raise RuleError("Use at least one letter or digit in your display name.")
    if "@" in _folded(name):
        raise RuleError("A display name cannot contain an @, which marks usernames.")
    if not _spellings(name).isdisjoint(_listed("reserved_usernames.txt")):
        raise RuleError("That display name is reserved. Choose another one.")
    return name


def deletion_reason(typed: str) -> str:
    """Empty for none."""
    return _no_longer_than(
        REASON_LENGTH, "reason", "" if is_blank(typed) else clean_text(typed).strip()
    )


def bio(typed: str) -> str:
    """Empty for none."""
    text = _no_longer_than(BIO_LENGTH, "bio", "" if is_blank(typed) else clean_text(typed))
    if text.count("\n") >= BIO_LINES:
        raise RuleError(f"A bio can have at most {BIO_LINES} lines. Remove some line breaks.")
    if len(find_links(text)) > BIO_LINKS:
        raise RuleError(f"A bio can have at most {BIO_LINKS} links. Remove some of them.")
    return text


def email(typed: str) -> str:
    address = typed.strip()
    if not address:
        raise RuleError("Enter your e-mail address.")
    try:
        _parse_email(address)
    except EmailNotValidError:
        raise RuleError(
            "That is not a valid e-mail address. Use the form name@example.org."
        ) from None
    return unicodedata.normalize("NFC", address)


def email_key(address: str) -> str:
    """The same for every spelling of one mailbox: case, Unicode form and IDN do not matter.

    Returns an empty string for an invalid address.
    """
    try:
        parsed = _parse_email(address.strip())
    except EmailNotValidError:
        return ""
    return (parsed.ascii_email or parsed.normalized).lower()


def password(typed: str) -> str:
    shortest, longest = PASSWORD_LENGTHS
    if not typed:
        raise RuleError("Choose a password.")
    if is_blank(typed):
        raise RuleError("A password cannot consist of spaces only.")
    if "\x00" in typed:
        raise RuleError("A password cannot contain NUL characters. Type it without them.")
    if len(typed) > longest:
        raise RuleError(f"Use at most {longest:,} characters.")
    if len(unicodedata.normalize("NFKC", typed)) < shortest:
        raise RuleError(
            f"Use at least {shortest} characters. A phrase of several words works well."
        )
    if _folded(typed) in common_passwords():
        raise RuleError("That password is too common. Choose another one.")
    return typed


def impersonal_password(typed: str, *, username: str, email: str, site_name: str) -> str:
    """Reject what an attacker tries first (NIST SP 800-63B, 3.1.1.2, context-specific words)."""
    names = (username, email, email.rpartition("@")[0], site_name)
    folded = {_folded(name).strip() for name in names if len(name) <= EMAIL_LENGTH}
    if _folded(typed).strip() in folded:
        raise RuleError(
            "A password cannot be your username, your e-mail address or the name of this site. "
            "Choose another one."
        )
    return typed


def common_passwords() -> frozenset[str]:
    """The most common passwords, casefolded."""
    return _listed("common_passwords.txt")


def title(typed: str) -> str:
    line = clean_line(typed)
    if is_blank(line):
        raise RuleError("Enter a title.")
    return _no_longer_than(TITLE_LENGTH, "title", line)


def content(typed: str) -> str:
    text = clean_text(typed)
    if is_blank(text):
        raise RuleError("Enter the text of the post.")
    return _no_longer_than(CONTENT_LENGTH, "post", text)


def draft_title(typed: str) -> str:
    """Also blank, or too long for a post."""
    return _no_longer_than(DRAFT_TITLE_LENGTH, "title", clean_line(typed))


def draft_content(typed: str) -> str:
    """Also blank."""
    return _no_longer_than(CONTENT_LENGTH, "draft", clean_text(typed))


def _no_longer_than(limit: int, noun: str, text: str) -> str:
    if len(text) > limit:
        raise RuleError(
            f"A {noun} can have at most {limit:,} characters; this one has {len(text):,}. "
            f"Shorten it by {len(text) - limit:,}."
        )
    return text


def _parse_email(address: str) -> ValidatedEmail:
    if len(address) > EMAIL_LENGTH:
        raise EmailNotValidError("too long")
    return validate_email(address, check_deliverability=False, allow_smtputf8=False)


def _spellings(name: str) -> set[str]:
    """A name as it is read, also without what stands between its letters."""
    folded = _folded(name)
    return {folded, "".join(filter(str.isalnum, folded))}


def _folded(text: str) -> str:
    """The same for spellings that differ in case or in compatible characters."""
    return unicodedata.normalize("NFKC", text).casefold()


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset((_LISTS / name).read_text(encoding="utf-8").splitlines())
