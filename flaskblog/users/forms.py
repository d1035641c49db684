"""The forms by which people come, go, and keep their accounts."""

from collections.abc import Mapping
from typing import Self

from flask_wtf.file import FileField
from wtforms import BooleanField, Field, HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, StopValidation

from flaskblog import rules
from flaskblog.drafts import HoldsWords
from flaskblog.forms import Available, Follows, Form, Given, Unchanged
from flaskblog.models import User
from flaskblog.users.avatars import PictureError, square_picture
from flaskblog.users.limits import is_password_of

NAME_TAKEN = "Somebody has that name already. Choose another one."
ADDRESS_TAKEN = "That address has an account already. Log in, or use another one."
_NAME_KEYS = {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
_NAME_RULES = [
    Follows(rules.username),
    Available(User.named, NAME_TAKEN),
]
_ADDRESS_KEYS = {"type": "email", "autocomplete": "email"}
_ADDRESS_RULES = [
    Follows(rules.email),
    Available(User.addressed, ADDRESS_TAKEN),
]


class OwnPassword:
    """The password is the owner's. One bcrypt check, a fifth of a second, and so many a minute."""

    field_flags = Given.field_flags

    def __call__(self, form: Form, field: Field) -> None:
        if form.owner is None or not is_password_of(form.owner, field.data or ""):
            raise StopValidation("That is not your password. Type it again.")


class Picture:
    """A picture that can be shown; the field's data becomes the bytes of its square, or None."""

    def __call__(self, form: Form, field: Field) -> None:
        if isinstance(field.data, bytes):
            return  # made already: the form is checked again after a lost race
        if not field.data:
            field.data = None
            return
        try:
            field.data = square_picture(field.data.stream)
        except PictureError as broken:
            field.data = None
            raise StopValidation(str(broken)) from None


def new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        [Follows(rules.password)],
        description="At least 8 characters. A few words in a row do well.",
        render_kw={"autocomplete": "new-password"},
    )


def same_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        [
            Given("Type the password a second time."),
            EqualTo("password", "The two passwords differ. Type both again."),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class RegistrationForm(Form):
    submit_label = "Sign up"

    username = StringField(
        "Name",
        _NAME_RULES,
        description="Shown with all you write. 2 to 20 letters, digits, dots, underscores or "
        "hyphens.",
        render_kw=_NAME_KEYS,
    )
    email = StringField(
        "E-mail address",
        _ADDRESS_RULES,
        description="Never shown to anybody. A forgotten password is reset through it.",
        render_kw=_ADDRESS_KEYS,
    )
    password = new_password("Password")
    confirm_password = same_password("Password again")


class LoginForm(Form):
    submit_label = "Log in"
    holds_words = False

    email = StringField(
        "Name or e-mail address",
        [Given("Enter your name or your e-mail address.")],
        render_kw=_NAME_KEYS | {"inputmode": "email"},
    )
    password = PasswordField(
        "Password",
        [Given("Enter your password.")],
        render_kw={"autocomplete": "current-password"},
    )
    remember = BooleanField("Keep me logged in for 30 days")


class LoginWithWordsForm(LoginForm, HoldsWords):
    """Holds what somebody wrote until they are logged in again."""

    submit_label = "Log in and go on writing"
    holds_words = True

    title = HiddenField()
    content = HiddenField()

    @classmethod
    def holding(cls, words: Mapping[str, str], place: Mapping[str, int]) -> Self:
        """With what was sent to the desk, and which post lay on it."""
        return cls(formdata=None, data={**words, **place})


class LogoutForm(Form):
    submit_label = "Log out"


class AccountForm(Form):
    submit_label = "Save"

    username = StringField(
        "Name",
        [Unchanged("username"), *_NAME_RULES],
        description="Links to the name you have now will lead to the new one.",
        render_kw=_NAME_KEYS,
    )
    email = StringField(
        "E-mail address",
        [Unchanged("email"), *_ADDRESS_RULES],
        description="Never shown to anybody. The address you have now will be told of a change.",
        render_kw=_ADDRESS_KEYS,
    )
    current_password = PasswordField(
        "Password",
        description="Only needed to change the e-mail address.",
        render_kw={"autocomplete": "current-password"},
    )
    picture = FileField(
        "New picture",
        [Picture()],
        description="A JPEG, PNG or WebP file of at most 8 MiB. Its middle is shown as a square.",
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )

    def validate_current_password(self, field: Field) -> None:
        if self.moves:
            OwnPassword()(self, field)

    @property
    def moves(self) -> bool:
        """Whether the mail goes to another mailbox from now on, or is spelled in another way."""
        return self.owner is not None and self.email.data != self.owner.email


class PasswordForm(Form):
    submit_label = "Change the password"

    current_password = PasswordField(
        "Current password", [OwnPassword()], render_kw={"autocomplete": "current-password"}
    )
    password = new_password("New password")
    confirm_password = same_password("New password again")


class DeleteAccountForm(Form):
    submit_label = "Delete my account and all of this"

    password = PasswordField(
        "Password", [OwnPassword()], render_kw={"autocomplete": "current-password"}
    )


class AskForResetForm(Form):
    submit_label = "Send me a link"

    email = StringField("E-mail address", [Follows(rules.email)], render_kw=_ADDRESS_KEYS)


class ChoosePasswordForm(Form):
    submit_label = "Change the password"

    password = new_password("New password")
    confirm_password = same_password("New password again")
