"""The fields of what programs send. What may be typed is said in `rules.py`, here as everywhere."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from marshmallow import ValidationError, fields

from flaskblog import rules
from flaskblog.rules import RuleError

# Long stretches of Unicode 14 in which every character shows; each living script has one. `\p{L}`
# would be shorter, but not every reader of a document knows it.
VISIBLE = (
    "!-~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0377\u037a-\u037f\u0384-\u038a\u038c-\u038c"
    "\u038e-\u03a1\u03a3-\u0482\u048a-\u052f\u0531-\u0556\u0559-\u058a\u05d0-\u05ea"
    "\u061d-\u064a\u0671-\u06d5\u06ee-\u070d\u0712-\u072f\u074d-\u07a5\u07c0-\u07ea"
    "\u07fe-\u0815\u0840-\u0858\u0870-\u088e\u08a0-\u08c9\u0904-\u0939\u0964-\u0980"
    "\u0993-\u09a8\u09e6-\u09fd\u0a13-\u0a28\u0a93-\u0aa8\u0b13-\u0b28\u0be6-\u0bfa"
    "\u0c12-\u0c28\u0c92-\u0ca8\u0d12-\u0d3a\u0d66-\u0d7f\u0d9a-\u0db1\u0e01-\u0e30"
    "\u0e8c-\u0ea3\u0f00-\u0f17\u0f1a-\u0f34\u0f49-\u0f6c\u1000-\u102a\u103f-\u1055"
    "\u109e-\u10c5\u10d0-\u115e\u1161-\u1248\u1260-\u1288\u1290-\u12b0\u12d8-\u1310"
    "\u1318-\u135a\u1360-\u137c\u1380-\u1399\u13a0-\u13f5\u1400-\u167f\u1681-\u169c"
    "\u16a0-\u16f8\u1780-\u17b3\u1820-\u1878\u1887-\u18a8\u18b0-\u18f5\u1900-\u191e"
    "\u1944-\u196d\u1980-\u19ab\u19b0-\u19c9\u19de-\u1a16\u1a1e-\u1a54\u1b05-\u1b33"
    "\u1b50-\u1b6a\u1b83-\u1ba0\u1bae-\u1be5\u1bfc-\u1c23\u1c4d-\u1c88\u1c90-\u1cba"
    "\u1d00-\u1dbf\u1e00-\u1f15\u1f20-\u1f45\u1f5f-\u1f7d\u1f80-\u1fb4\u2010-\u2027"
    "\u2030-\u205e\u2074-\u208e\u20a0-\u20c0\u2100-\u218b\u2190-\u2426\u2460-\u27ff"
    "\u2801-\u2b73\u2b76-\u2b95\u2b97-\u2cee\u2cf9-\u2d25\u2d30-\u2d67\u2d80-\u2d96"
    "\u2e00-\u2e5d\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5\u3001-\u3029\u3041-\u3096"
    "\u309b-\u30ff\u3105-\u312f\u3131-\u3163\u3165-\u318e\u3190-\u31e3\u31f0-\u321e"
    "\u3220-\ua48c\ua4d0-\ua62b\ua700-\ua7ca\uab70-\uabe2\uac00-\ud7a3\uf900-\ufa6d"
    "\ufa70-\ufad9\ufb46-\ufbc2\ufbd3-\ufd8f\ufe76-\ufefc\uff01-\uff9f\U00010600-\U00010736"
    "\U00011fff-\U00012399\U00013000-\U0001342e\U00014400-\U00014646\U00016800-\U00016a38"
    "\U00017000-\U000187f7\U00018800-\U00018cd5\U0001b000-\U0001b122\U0001b170-\U0001b2fb"
    "\U0001d552-\U0001d6a5\U0001d6a8-\U0001d7cb\U0001d7ce-\U0001d9ff\U0001f030-\U0001f093"
    "\U0001f100-\U0001f1ad\U0001f300-\U0001f6d7\U0001f700-\U0001f773\U0001f900-\U0001fa53"
    "\U0001fb00-\U0001fb92\U00020000-\U0002a6df\U0002a700-\U0002b738\U0002b740-\U0002b81d"
    "\U0002b820-\U0002cea1\U0002ceb0-\U0002ebe0\U0002f800-\U0002fa1d\U00030000-\U0003134a"
)
NO_NUL = r"^[^\u0000]*$"
# Something that shows, and no NUL.
TEXT = rf"^[^\u0000]*[{VISIBLE}][^\u0000]*$"


# Of the passwords that are refused as common, those that a machine would think of.
ONE_CHARACTER = sorted(
    spelled
    for common in rules.common_passwords()
    if len(set(common)) == 1
    for spelled in {common, common.upper()}
)


class Ruled(fields.String):
    """A text that follows a rule of the site, and becomes what the rule returns."""

    def __init__(
        self, rule: Callable[[str], str], told: dict[str, Any], *, required: bool = True
    ) -> None:
        super().__init__(required=required, metadata=told)
        self.rule = rule
        # The rules count what is left after cleaning; a document can only count what is sent.
        self.longest: int | None = told.get("maxLength")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            told = self.rule(text)
        except RuleError as broken:
            raise ValidationError(str(broken)) from None
        if self.longest and len(text) > self.longest:
            raise ValidationError(
                f"Send at most {self.longest:,} characters, those included that do not show."
            )
        return told


class WholeNumber(fields.Integer):
    """Decimal digits alone: no sign, space, underscore or digit of another script."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", str(value)):
            raise self.make_error("invalid", input=value)
        return int(value)


def username() -> Ruled:
    told = {"pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{1,19}$", "example": "ada"}
    return Ruled(rules.username, told)


def email() -> Ruled:
    told = {
        "format": "email",
        "maxLength": rules.EMAIL_LENGTH,
        "not": {"pattern": rf"[@.]({'|'.join(SPECIAL_USE_DOMAIN_NAMES)})$"},
        "example": "ada@example.org",
    }
    return Ruled(rules.email, told)


def password(*, required: bool = True) -> Ruled:
    shortest, longest = rules.PASSWORD_LENGTHS
    told = {
        "format": "password",
        "pattern": TEXT,
        "not": {"enum": ONE_CHARACTER},
        "minLength": shortest,
        "maxLength": longest,
        "example": "a few words in a row",
    }
    return Ruled(rules.password, told, required=required)


def title() -> Ruled:
    told = {
        "pattern": TEXT,
        "minLength": 1,
        "maxLength": rules.TITLE_LENGTH,
        "example": "On engines",
    }
    return Ruled(rules.title, told)


def content() -> Ruled:
    told = {
        "description": "Markdown.",
        "pattern": TEXT,
        "minLength": 1,
        "maxLength": rules.CONTENT_LENGTH,
        "example": "They *weave* algebraic patterns.",
    }
    return Ruled(rules.content, told)
