"""What every form is made of: the base class and the validators that speak the rules."""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import g, request
from flask_wtf import FlaskForm
from sqlalchemy import Select
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import MultiDict
from wtforms import Field, FileField, HiddenField, StringField
from wtforms.csrf.core import CSRFTokenField
from wtforms.validators import StopValidation
from wtforms.widgets import FileInput, HiddenInput

from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.rules import RuleError


class ShownToken(CSRFTokenField):
    """Signed when it is shown: a form that was sent is seldom shown again."""

    def process(self, *given: Any, **values: Any) -> None:
        HiddenField.process(self, *given, **values)

    def _value(self) -> str:
        token: str = self.csrf_impl.generate_csrf_token(self)
        return token


class FormTokens(FlaskForm.Meta.csrf_class):
    field_class = ShownToken

    def validate_csrf_token(self, form: "Form", field: CSRFTokenField) -> None:
        super().validate_csrf_token(form, field)
        g.csrf_valid = True  # which it asks for itself, when the form is validated as a whole


class Form(FlaskForm):
    """A form whose submit button names what it does."""

    submit_label = "Save"
    # Whose values the form changes: what they hold already is free for them.
    owner: User | None = None

    @property
    def ran_out(self) -> bool:
        """Whether the form was sent with a token that no longer fits."""
        return bool(self.csrf_token.errors)

    @property
    def shown(self) -> list[Field]:
        """What people see and fill in."""
        return [field for field in self if not isinstance(field.widget, HiddenInput)]

    @property
    def first_wrong(self) -> Field | None:
        return next((field for field in self.shown if field.errors), None)

    @property
    def last_line(self) -> Field | None:
        """The last field of one line that is typed into."""
        lines = [field for field in self.shown if isinstance(field, StringField)]
        return next((field for field in reversed(lines) if field.type != "TextAreaField"), None)

    @property
    def has_file(self) -> bool:
        return any(isinstance(field.widget, FileInput) for field in self)

    class Meta(FlaskForm.Meta):
        csrf_class = FormTokens

        def wrap_formdata(self, form: "Form", formdata: Any) -> Any:
            """JSON counts as nothing, and so does a file where the form asks for text."""
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


class Follows:
    """The field follows a rule; its data becomes what the rule returns."""

    field_flags: ClassVar = {"required": True}

    def __init__(self, rule: Callable[[str], str]) -> None:
        self.rule = rule

    def __call__(self, form: Form, field: Field) -> None:
        try:
            field.data = self.rule(field.data or "")
        except RuleError as broken:
            raise StopValidation(str(broken)) from None


class Available:
    """A query, such as `User.named`, finds nobody but the form's owner for the field's data."""

    def __init__(self, query: Callable[[str], Select[Any]], message: str) -> None:
        self.query = query
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        holder = db.session.scalar(self.query(field.data))
        if holder is not None and holder is not form.owner:
            raise StopValidation(self.message)


class Given:
    """Something was typed, and it is taken as it is: for what is compared, not stored."""

    field_flags: ClassVar = {"required": True}

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if not (field.data or "").strip():
            raise StopValidation(self.message)


class Unchanged:
    """The owner's value is left as it is: nothing more is asked of it."""

    def __init__(self, attribute: str) -> None:
        self.attribute = attribute

    def __call__(self, form: Form, field: Field) -> None:
        if not field.raw_data:
            # Left out of what was sent, which is not the same as left as it was.
            field.data = ""
        if field.data == getattr(form.owner, self.attribute):
            raise StopValidation


def commit_or_tell(form: Form) -> bool:
    """Commit, or let the form tell that somebody took a unique value a moment ago."""
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        if form.validate():
            raise
        return False
    return True
