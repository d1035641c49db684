"""The forms of members and their accounts."""

from typing import Any

from flask_wtf.file import FileField
from wtforms import BooleanField, Field, PasswordField, StringField, TextAreaField
from wtforms.validators import EqualTo, StopValidation

from flaskblog import rules
from flaskblog.forms import Available, Form, OptionalRule, Required, Rule, Unchanged
from flaskblog.media.images import PictureError
from flaskblog.models import User
from flaskblog.users.changes import EMAIL_TAKEN, USERNAME_TAKEN, check_impersonal
from flaskblog.users.limits import (
    count_address_change,
    is_password_of,
    limit_as_field_error,
    uploaded_picture,
)

_USERNAME_ATTRIBUTES = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
_USERNAME_VALIDATORS = [
    Rule(rules.username),
    Available(User.is_username_taken, USERNAME_TAKEN),
]
_EMAIL_ATTRIBUTES = {"type": "email", "autocomplete": "email"}
_EMAIL_AVAILABLE = Available(User.is_email_taken, EMAIL_TAKEN)


class OwnPassword:
    """The field is the owner's password; attempts are limited."""

    field_flags = Required.field_flags

    def __call__(self, form: Form, field: Field) -> None:
        with limit_as_field_error(form):
            is_correct = form.owner is not None and is_password_of(form.owner, field.data or "")
        if not is_correct:
            raise StopValidation("Wrong password. Try again.")


class Impersonal:
    """The new password is no name of the account, typed in the same form or stored."""

    def __call__(self, form: Form, field: Field) -> None:
        username, email = (
            (form[name].data if name in form else getattr(form.owner, name)) or ""
            for name in ("username", "email")
        )
        try:
            check_impersonal(field.data, username, email)
        except rules.RuleError as broken:
            raise StopValidation(str(broken)) from None


class LimitedChange:
    """Counts a try to change the address, before the next validator tells whether it is taken."""

    def __call__(self, form: Form, _field: Field) -> None:
        if form.owner is not None:
            with limit_as_field_error(form):
                count_address_change(form.owner)


class Picture:
    """A valid picture; the data of the field becomes its re-encoded bytes, or None."""

    def __call__(self, form: Form, field: Field) -> None:
        if not field.data or form.owner is None:
            field.data = None
            return
        try:
            with limit_as_field_error(form):
                field.data = uploaded_picture(form.owner, field.data.stream)
        except PictureError as broken:
            field.data = None
            raise StopValidation(str(broken)) from None


def new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        [Rule(rules.password), Impersonal()],
        description="At least 8 characters. A phrase of several words works well.",
        render_kw={"autocomplete": "new-password"},
    )


def same_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        [
            Required("Repeat the password."),
            EqualTo("password", "The passwords do not match. Enter both again."),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class RegistrationForm(Form):
    submit_label = "Sign up"

    username = StringField(
        "Username",
        _USERNAME_VALIDATORS,
        description="Shown with everything you publish. 2 to 20 letters, digits, dots, "
        "underscores or hyphens.",
        render_kw=_USERNAME_ATTRIBUTES,
    )
    email = StringField(
        "E-mail address",
        [Rule(rules.email), _EMAIL_AVAILABLE],
        description="Not shown publicly. Used to reset a forgotten password.",
        render_kw=_EMAIL_ATTRIBUTES,
    )
    password = new_password("Password")
    confirm_password = same_password("Confirm password")


class LoginForm(Form):
    submit_label = "Log in"

    email = StringField(
        "Username or e-mail address",
        [Required("Enter your username or e-mail address.")],
        render_kw=_USERNAME_ATTRIBUTES | {"inputmode": "email"},
    )
    password = PasswordField(
        "Password",
        [Required("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField("Keep me logged in for 30 days")


class LogoutForm(Form):
    submit_label = "Log out"


class ProfileForm(Form):
    submit_label = "Save profile"

    display_name = StringField(
        "Display name",
        [OptionalRule(rules.display_name)],
        description="Shown in place of your username, in any script. Optional.",
        render_kw={"autocomplete": "nickname", "dir": "auto"},
    )
    bio = TextAreaField(
        "About you",
        [OptionalRule(rules.bio)],
        description=f"Shown on your profile and below your posts: up to {rules.BIO_LENGTH} "
        f"characters and {rules.BIO_LINKS} links. Optional.",
        render_kw={"autocomplete": "off", "dir": "auto", "rows": 4},
    )
    picture = FileField(
        "Profile picture",
        [Picture()],
        description="JPEG, PNG or WebP, at most 8 MiB. It is cropped to a square.",
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    remove_picture = BooleanField("Remove the picture")

    @property
    def visible_fields(self) -> list[Field]:
        """Without the box that removes a picture for those who have none."""
        has_picture = self.owner is not None and self.owner.picture is not None
        return [
            field for field in super().visible_fields if has_picture or field.id != "remove_picture"
        ]

    @property
    def new_picture(self) -> bytes | None:
        """What `change_account` takes: nothing removes the picture, None keeps it."""
        picture: bytes | None = self.picture.data
        return b"" if self.remove_picture.data and not picture else picture


class AccountForm(Form):
    submit_label = "Save username and address"

    username = StringField(
        "Username",
        [Unchanged("username"), *_USERNAME_VALIDATORS],
        description="Links to your current username will redirect to the new one.",
        render_kw=_USERNAME_ATTRIBUTES,
    )
    email = StringField(
        "E-mail address",
        [Unchanged("email"), Rule(rules.email)],
        description="Not shown publicly. If you change it, your current address is notified.",
        render_kw=_EMAIL_ATTRIBUTES,
    )
    current_password = PasswordField(
        "Password",
        description="Only required to change your e-mail address.",
        render_kw={"autocomplete": "current-password"},
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Tell only whom the other fields prove to be the owner whether an address is taken."""
        is_valid: bool = super().validate(extra_validators)
        return is_valid and bool(self.email.validate(self, [LimitedChange(), _EMAIL_AVAILABLE]))

    def validate_current_password(self, field: Field) -> None:
        if self.changes_email:
            OwnPassword()(self, field)

    @property
    def changes_email(self) -> bool:
        """Whether the address differs from the current one, even only in spelling."""
        return self.owner is not None and self.email.data != self.owner.email


class PasswordForm(Form):
    submit_label = "Change password"

    current_password = PasswordField(
        "Current password", [OwnPassword()], render_kw={"autocomplete": "current-password"}
    )
    password = new_password("New password")
    confirm_password = same_password("Confirm new password")


class DeleteAccountForm(Form):
    submit_label = "Delete account"

    password = PasswordField(
        "Password", [OwnPassword()], render_kw={"autocomplete": "current-password"}
    )


class AskForResetForm(Form):
    submit_label = "Send reset link"

    email = StringField("E-mail address", [Rule(rules.email)], render_kw=_EMAIL_ATTRIBUTES)


class ChoosePasswordForm(Form):
    submit_label = "Change password"

    password = new_password("New password")
    confirm_password = same_password("Confirm new password")
