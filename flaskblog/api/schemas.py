"""The schemas of requests and responses."""

from marshmallow import RAISE, Schema, fields
from marshmallow.validate import Length

from flaskblog.api.fields import (
    NO_NUL,
    bio,
    content,
    current_password,
    deletion_reason,
    display_name,
    email,
    password,
    title,
    username,
)
from flaskblog.models import Post, User
from flaskblog.urls import link_to
from flaskblog.users.avatars import picture_url

URL = {"type": "string", "format": "uri"}
VISIBILITY = {"description": "Only visible to the member and to admins."}
COUNT = {"minimum": 0}
BEARER = "Bearer"


def _picture_url(user: User) -> str:
    return picture_url(user, link_to)


def _page_url(post: Post) -> str:
    return link_to("posts.show", post_id=str(post.id))


class Input(Schema):
    class Meta:
        unknown = RAISE


class RegistrationSchema(Input):
    username = username()
    email = email()
    password = password()


class UserChangeSchema(Input):
    """The password is optional: clients cannot read it to send it back.

    So are the fields of the profile, which older clients do not know.
    """

    username = username()
    email = email()
    password = password(required=False)
    display_name = display_name()
    bio = bio()
    picture = fields.String(
        allow_none=True,
        validate=Length(max=0),
        metadata={"description": "Null removes the picture."},
    )
    current_password = current_password()


class UserDeletionSchema(Input):
    current_password = current_password()


class PostInputSchema(Input):
    title = title()
    content = content()


class PostDeletionSchema(Input):
    reason = deletion_reason()


class LoginSchema(Input):
    email = fields.String(
        required=True,
        metadata={"description": "Username or e-mail address.", "pattern": NO_NUL},
    )
    password = fields.String(required=True, metadata={"format": "password", "pattern": NO_NUL})


class TokenSchema(Schema):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": [BEARER]})
    expires_in = fields.Integer(required=True, metadata={"description": "Lifetime in seconds."})


class AuthorSchema(Schema):
    id = fields.Integer(required=True)
    username = fields.String(required=True, metadata={"example": "ada"})
    display_name = fields.String(required=True, metadata={"description": "May be empty."})
    picture_url = fields.Function(_picture_url, required=True, metadata=URL)


class PublicUserSchema(AuthorSchema):
    """A member as everybody sees them."""

    bio = fields.String(required=True, metadata={"description": "Plain text; may be empty."})
    created_at = fields.DateTime(required=True)
    posts_count = fields.Integer(required=True, metadata=COUNT)


class UserSchema(PublicUserSchema):
    email = fields.String(metadata=VISIBILITY)
    is_admin = fields.Boolean(metadata=VISIBILITY)


class UsersSchema(Schema):
    users = fields.List(fields.Nested(UserSchema), required=True)
    total = fields.Integer(required=True, metadata=COUNT)
    pages = fields.Integer(required=True, metadata=COUNT)
    current_page = fields.Integer(required=True)


class PostSchema(Schema):
    id = fields.Integer(required=True)
    title = fields.String(required=True, metadata={"example": "On engines"})
    content = fields.String(
        required=True, metadata={"description": "Markdown source.", "example": "They *weave*."}
    )
    content_html = fields.String(
        required=True,
        metadata={
            "description": "Rendered, sanitised HTML.",
            "example": "<p>They <em>weave</em>.</p>\n",
        },
    )
    reading_minutes = fields.Integer(required=True, metadata={"minimum": 1})
    author = fields.Nested(AuthorSchema, required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    url = fields.Function(_page_url, required=True, metadata=URL)


class PostsSchema(Schema):
    posts = fields.List(fields.Nested(PostSchema), required=True)
    total = fields.Integer(required=True, metadata=COUNT)
    pages = fields.Integer(required=True, metadata=COUNT)
    current_page = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null if `cursor` was used."}
    )
    next_cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Send it as `cursor` to get the next page; null on the last page. "
            "A page also ends, before `per_page`, when its posts have 2 MiB of Markdown and HTML."
        },
    )


class ProblemSchema(Schema):
    """RFC 9457."""

    type = fields.String(metadata={"description": "Only where the status does not say it all."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    request_id = fields.String(
        metadata={"description": "Quote it when you report a problem to the administrators."}
    )
