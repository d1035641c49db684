"""The forms of posts."""

import re
import secrets
from typing import Any, Self

from wtforms import HiddenField, TextAreaField

from flaskblog import rules
from flaskblog.forms import Form, OptionalRule, Rule
from flaskblog.models import Draft, Post
from flaskblog.text.cleaning import without_nul
from flaskblog.text.reading_time import describe_length, reading_minutes

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")

_TEXT = {"autocomplete": "off", "dir": "auto", "data-grow": True}


def _new_key() -> str:
    return secrets.token_urlsafe(16)


class KeyField(HiddenField):
    """Identifies a form from the moment it is opened; its draft and its post have the same key."""

    def process_data(self, value: str | None) -> None:
        self.data = value if value and _KEY.fullmatch(value) else _new_key()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.process_data(valuelist[0] if valuelist else None)


class NumberField(HiddenField):
    """A number, or None for anything else."""

    def __init__(self, *, digits: int, **settings: Any) -> None:
        """At most as many `digits` as the column of the number holds on every engine."""
        super().__init__(**settings)
        self.number = re.compile(f"[0-9]{{1,{digits}}}")

    def process_data(self, value: int | str | None) -> None:
        self.data = int(value) if value is not None and self.number.fullmatch(str(value)) else None

    def process_formdata(self, valuelist: list[str]) -> None:
        self.process_data(valuelist[0] if valuelist else None)

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


class DraftFields(Form):
    """What a draft needs beside the fields `title` and `content`."""

    key = KeyField()
    post_id = NumberField(digits=18)
    # The version of the post that the author saw.
    version = NumberField(digits=9)

    @property
    def is_blank(self) -> bool:
        return not (self.title.data or "").strip() and not (self.content.data or "").strip()


class PostForm(DraftFields):
    # Of several lines, so that it wraps; the rule joins them.
    title = TextAreaField(
        "Title",
        [Rule(rules.title)],
        [without_nul],
        render_kw={
            "rows": 1,
            "placeholder": "Title",
            "enterkeyhint": "next",
            "data-single-line": "content",
            **_TEXT,
        },
    )
    content = TextAreaField(
        "Content",
        [Rule(rules.content)],
        [without_nul],
        render_kw={"rows": 18, "placeholder": "Write your post…", "data-markdown": True, **_TEXT},
    )

    @property
    def length(self) -> str:
        return describe_length(self.content.data or "")

    @property
    def reading_minutes(self) -> int:
        return reading_minutes(self.content.data or "")

    @classmethod
    def blank(cls) -> Self:
        return cls(formdata=None)

    @classmethod
    def for_post(cls, post: Post) -> Self:
        return cls(
            formdata=None,
            title=post.title,
            content=post.content,
            post_id=post.id,
            version=post.version,
        )

    @classmethod
    def for_draft(cls, draft: Draft) -> Self:
        return cls(formdata=None, obj=draft)

    def rebase_onto(self, post: Post) -> None:
        """Make the text an edit of the current version of a post."""
        self.key.data = _new_key()
        self.post_id.data = post.id
        self.version.data = post.version

    def detach(self) -> None:
        """Make the text a new post."""
        self.key.data = _new_key()
        self.post_id.data = self.version.data = None


class DeleteForm(Form):
    """Of the author."""

    submit_label = "Delete post"


class AdminDeleteForm(DeleteForm):
    """Of an admin."""

    reason = TextAreaField(
        "Reason",
        [OptionalRule(rules.deletion_reason)],
        [without_nul],
        description="The author can read it.",
        render_kw={"rows": 3},
    )
