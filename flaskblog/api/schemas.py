"""What programs send, and what they get."""

from marshmallow import RAISE, Schema, fields

from flaskblog.api.fields import NO_NUL, content, email, password, title, username
from flaskblog.letters import link_to
from flaskblog.models import Post, User
from flaskblog.users.avatars import picture_of

ADDRESS = {"type": "string", "format": "uri"}
PRIVATE = {"description": "Only for themselves and for admins."}
COUNT = {"minimum": 0}
BEARER = "Bearer"


def _picture_url(user: User) -> str:
    return picture_of(user, link_to)


def _page_url(post: Post) -> str:
    return link_to("posts.show", post_id=str(post.id))


class Sent(Schema):
    class Meta:
        unknown = RAISE


class RegistrationSchema(Sent):
    username = username()
    email = email()
    password = password()


class UserChangeSchema(Sent):
    """The password may be left out: nobody can read it to send it back."""

    username = username()
    email = email()
    password = password(required=False)


class PostInputSchema(Sent):
    title = title()
    content = content()


class LoginSchema(Sent):
    email = fields.String(
        required=True,
        metadata={"description": "The name or the address.", "pattern": NO_NUL},
    )
    password = fields.String(required=True, metadata={"format": "password", "pattern": NO_NUL})


class TokenSchema(Schema):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": [BEARER]})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})


class AuthorSchema(Schema):
    id = fields.Integer(required=True)
    username = fields.String(required=True)
    picture_url = fields.Function(_picture_url, required=True, metadata=ADDRESS)


class PublicUserSchema(AuthorSchema):
    """A person as everybody sees them."""

    created_at = fields.DateTime(required=True)
    posts_count = fields.Integer(required=True, metadata=COUNT)


class UserSchema(PublicUserSchema):
    email = fields.String(metadata=PRIVATE)
    is_admin = fields.Boolean(metadata=PRIVATE)


class UsersSchema(Schema):
    users = fields.List(fields.Nested(UserSchema), required=True)
    total = fields.Integer(required=True, metadata=COUNT)
    pages = fields.Integer(required=True, metadata=COUNT)
    current_page = fields.Integer(required=True)


class PostSchema(Schema):
    id = fields.Integer(required=True)
    title = fields.String(required=True)
    content = fields.String(required=True, metadata={"description": "Markdown, as written."})
    content_html = fields.String(required=True, metadata={"description": "Safe HTML."})
    author = fields.Nested(AuthorSchema, required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)
    url = fields.Function(_page_url, required=True, metadata=ADDRESS)


class PostsSchema(Schema):
    posts = fields.List(fields.Nested(PostSchema), required=True)
    total = fields.Integer(required=True, metadata=COUNT)
    pages = fields.Integer(required=True, metadata=COUNT)
    current_page = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null where a cursor led."}
    )
    next_cursor = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Send it as `cursor` to go on; null at the end."},
    )


class ProblemSchema(Schema):
    """RFC 9457."""

    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    request_id = fields.String(metadata={"description": "For the people who run the site."})
