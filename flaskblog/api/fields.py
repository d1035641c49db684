"""The fields of requests, which apply the rules of `rules.py`."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from marshmallow import ValidationError, fields

from flaskblog import rules
from flaskblog.rules import RuleError

NO_NUL = r"^[^\u0000]*$"


class RuleField(fields.String):
    """A string that passes a rule, and becomes what the rule returns."""

    def __init__(
        self, rule: Callable[[str], str], metadata: dict[str, Any], *, required: bool = True
    ) -> None:
        super().__init__(required=required, metadata=metadata)
        self.rule = rule
        # A rule counts characters after cleaning; the documented limit applies to what is sent.
        self.max_length: int | None = metadata.get("maxLength")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            cleaned = self.rule(text)
        except RuleError as broken:
            raise ValidationError(str(broken)) from None
        if self.max_length and len(text) > self.max_length:
            raise ValidationError(
                f"Send at most {self.max_length:,} characters, including invisible ones."
            )
        return cleaned


class TextField(RuleField):
    """A text from which the parser of the body removes NUL and lone surrogates."""


class WholeNumber(fields.Integer):
    """Decimal digits alone: no sign, space, underscore or digit of another script."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", str(value)):
            raise self.make_error("invalid", input=value)
        return int(value)


def username() -> RuleField:
    metadata = {"pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{1,19}$", "example": "ada"}
    return RuleField(rules.username, metadata)


def display_name() -> RuleField:
    metadata = {
        "description": "Shown in place of the username; empty for none.",
        "maxLength": rules.DISPLAY_NAME_LENGTH,
        "example": "Ada Lovelace",
    }
    return RuleField(rules.display_name, metadata, required=False)


def bio() -> TextField:
    metadata = {
        "description": f"Plain text with at most {rules.BIO_LINES} lines and {rules.BIO_LINKS} "
        "links; empty for none.",
        "maxLength": rules.BIO_LENGTH,
        "example": "Weaves algebraic patterns.",
    }
    return TextField(rules.bio, metadata, required=False)


def email() -> RuleField:
    metadata = {
        "format": "email",
        "maxLength": rules.EMAIL_LENGTH,
        "not": {"pattern": rf"[@.]({'|'.join(SPECIAL_USE_DOMAIN_NAMES)})$"},
        "example": "ada@example.org",
    }
    return RuleField(rules.email, metadata)


def password(*, required: bool = True) -> RuleField:
    shortest, longest = rules.PASSWORD_LENGTHS
    metadata = {
        "format": "password",
        "minLength": shortest,
        "maxLength": longest,
        "example": "a few words in a row",
    }
    return RuleField(rules.password, metadata, required=required)


def current_password() -> fields.String:
    """Not the rule of new passwords: what is wrong about it is that it is not the current one."""
    description = "The password of the member whose token is sent."
    return fields.String(
        metadata={"format": "password", "pattern": NO_NUL, "description": description}
    )


def title() -> TextField:
    metadata = {
        "minLength": 1,
        "maxLength": rules.TITLE_LENGTH,
        "example": "On engines",
    }
    return TextField(rules.title, metadata)


def deletion_reason() -> TextField:
    metadata = {
        "description": "Of an admin who deletes the post of somebody else.",
        "maxLength": rules.REASON_LENGTH,
        "example": "It contains a phone number.",
    }
    return TextField(rules.deletion_reason, metadata, required=False)


def content() -> TextField:
    metadata = {
        "description": "Markdown.",
        "minLength": 1,
        "maxLength": rules.CONTENT_LENGTH,
        "example": "They *weave* algebraic patterns.",
    }
    return TextField(rules.content, metadata)
