"""The base class of every form, and validators that apply the rules."""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, FileField, StringField
from wtforms.validators import StopValidation
from wtforms.widgets import FileInput, HiddenInput

from flaskblog.models import User
from flaskblog.rules import RuleError
from flaskblog.text.cleaning import without_nul


class Form(FlaskForm):
    """A form whose submit button names what it does."""

    submit_label = "Save"
    # The member whose values the form changes; their own values count as available.
    owner: User | None = None
    # Seconds until the form can be submitted again, after a rate limit refused it.
    retry_after: int | None = None

    @property
    def has_expired(self) -> bool:
        """Whether the form was submitted with a CSRF token that is no longer valid."""
        return bool(self.csrf_token.errors)

    @property
    def is_sent(self) -> bool:
        """Whether the request has a field of this form, where a page has several forms."""
        sent = request.form.keys() | request.files.keys()
        return any(field.name in sent for field in self.visible_fields)

    @property
    def hidden_fields(self) -> list[Field]:
        return [field for field in self if isinstance(field.widget, HiddenInput)]

    @property
    def visible_fields(self) -> list[Field]:
        return [field for field in self if not isinstance(field.widget, HiddenInput)]

    @property
    def first_invalid(self) -> Field | None:
        return next((field for field in self.visible_fields if field.errors), None)

    @property
    def last_text_input(self) -> Field | None:
        """The last field of a single line of text."""
        lines = [field for field in self.visible_fields if isinstance(field, StringField)]
        return next((field for field in reversed(lines) if field.type != "TextAreaField"), None)

    @property
    def has_file(self) -> bool:
        return any(isinstance(field.widget, FileInput) for field in self)

    def set_errors(self, messages: dict[str, str]) -> None:
        """Reject the form after its validation, with one message for each of these fields."""
        for name, message in messages.items():
            self[name].errors = [message]

    class Meta(FlaskForm.Meta):
        def wrap_formdata(self, form: "Form", formdata: Any) -> Any:
            """Ignore JSON, and files in place of text."""
            if formdata is not None and form.is_submitted() and request.is_json:
                return MultiDict()
            sent = super().wrap_formdata(form, formdata)
            if sent is None:
                return None
            return MultiDict(
                (name, value)
                for name, value in sent.items(multi=True)
                if isinstance(value, str) or (name in form and isinstance(form[name], FileField))
            )


def form_response(form: Form, page: str) -> ResponseReturnValue:
    """The page of a form that was not accepted, with the status and headers that say why."""
    if form.retry_after:
        return page, 429, {"Retry-After": str(form.retry_after)}
    return page, 400 if form.has_expired else 200


class Rule:
    """Applies a rule of `rules.py`; the data of the field becomes what the rule returns."""

    field_flags: ClassVar = {"required": True}

    def __init__(self, rule: Callable[[str], str]) -> None:
        self.rule = rule

    def __call__(self, form: Form, field: Field) -> None:
        try:
            field.data = self.rule(field.data or "")
        except RuleError as broken:
            field.data = without_nul(field.data)  # a page cannot show it
            raise StopValidation(str(broken)) from None


class OptionalRule(Rule):
    """Applies a rule that allows an empty value; a field that was not sent keeps its value."""

    field_flags: ClassVar = {}

    def __call__(self, form: Form, field: Field) -> None:
        if field.raw_data:
            super().__call__(form, field)


class Available:
    """The value is not taken by anybody except the owner of the form."""

    def __init__(self, is_taken: Callable[[str, int], bool], message: str) -> None:
        """`is_taken` is called with the value and the id of the owner, or 0."""
        self.is_taken = is_taken
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if self.is_taken(field.data, form.owner.id if form.owner else 0):
            raise StopValidation(self.message)


class Required:
    """The field is not blank; its data is not changed."""

    field_flags: ClassVar = {"required": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if not (field.data or "").strip():
            raise StopValidation(self.message)


class Unchanged:
    """Skips the validators that follow if the owner's value was not changed."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute

    def __call__(self, form: Form, field: Field) -> None:
        if not field.raw_data:
            # A missing field is empty, not unchanged.
            field.data = ""
        if field.data == getattr(form.owner, self.attribute):
            raise StopValidation
