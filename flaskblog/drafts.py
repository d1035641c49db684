"""Keeping words that are not published: in the forms that carry them, and as drafts."""

import re
import secrets
from typing import Any

from sqlalchemy.exc import IntegrityError
from wtforms import HiddenField

from flaskblog.extensions import db
from flaskblog.forms import Form
from flaskblog.models import Draft, Post, User
from flaskblog.text import clean_line, clean_text

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


def fresh_key() -> str:
    return secrets.token_urlsafe(16)


class KeyField(HiddenField):
    """Names a form from the moment it is opened; its draft and its post carry the name."""

    def process_data(self, value: str | None) -> None:
        self.data = value if value and _KEY.fullmatch(value) else fresh_key()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.process_data(valuelist[0] if valuelist else None)


class NumberField(HiddenField):
    """A number that a form of ours wrote; whatever else comes back is none."""

    def __init__(self, *, digits: int, **settings: Any) -> None:
        """At most as many `digits` as the number's column takes on every engine."""
        super().__init__(**settings)
        self.number = re.compile(f"[0-9]{{1,{digits}}}")

    def process_data(self, value: int | str | None) -> None:
        self.data = int(value) if value is not None and self.number.fullmatch(str(value)) else None

    def process_formdata(self, valuelist: list[str]) -> None:
        self.process_data(valuelist[0] if valuelist else None)

    def _value(self) -> str:
        return "" if self.data is None else str(self.data)


class HoldsWords(Form):
    """A form with the fields `title` and `content`, and what a draft of them needs beside."""

    key = KeyField()
    post_id = NumberField(digits=18)
    # The version of the post that the author saw.
    version = NumberField(digits=9)

    @property
    def says_nothing(self) -> bool:
        return not (self.title.data or "").strip() and not (self.content.data or "").strip()


def keep_draft(author: User, form: HoldsWords) -> Draft:
    """Save a form's words as one draft, however often and from however many tabs it is sent.

    Only the author of a post can hold a draft of it; for others it becomes a draft of a new one.
    """
    draft = db.session.scalar(Draft.under(author, form.key.data))
    if draft is None:
        draft = Draft(author_id=author.id, key=form.key.data)
    draft.title = clean_line(form.title.data or "")
    draft.content = clean_text(form.content.data or "")
    draft.post_id = form.post_id.data if _is_own_post(author, form.post_id.data) else None
    draft.version = form.version.data
    db.session.add(draft)
    try:
        db.session.commit()
    except IntegrityError:
        # Saved from two tabs at once: the other one made the row.
        db.session.rollback()
        return keep_draft(author, form)
    return draft


def _is_own_post(author: User, post_id: int | None) -> bool:
    if post_id is None:
        return False
    post = db.session.scalar(Post.living().where(Post.id == post_id))
    return post is not None and post.is_editable_by(author)
