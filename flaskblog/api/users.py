"""Members in the API."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, abort, current_app, request, url_for
from flask.views import MethodView
from sqlalchemy import select

from flaskblog.api.blueprint import (
    ETAG,
    LINK,
    LOCATION,
    bp,
    conditional_get,
    conditional_write,
    idempotent,
    problems,
)
from flaskblog.api.etags import check_unchanged, respond
from flaskblog.api.pagination import PageQuery, link_header, numbered_page
from flaskblog.api.schemas import (
    PublicUserSchema,
    RegistrationSchema,
    UserChangeSchema,
    UserDeletionSchema,
    UserSchema,
    UsersSchema,
)
from flaskblog.api.tokens import caller, member, token_optional, token_required
from flaskblog.extensions import db, limiter
from flaskblog.models import User
from flaskblog.rules import RuleError
from flaskblog.users.changes import (
    LastAdminError,
    TakenError,
    change_account,
    delete_account,
    sign_up,
)
from flaskblog.users.limits import count_address_change, is_password_of
from flaskblog.users.log_in_attempts import attempt_log_in
from flaskblog.web.problems import InvalidFields, ReauthenticationRequired, TakenFields

CONFIRMED_CHANGES = (
    "A new `email` or `password` requires `current_password`, the password of the member whose "
    "token is sent; otherwise the response is the 403 problem `reauthentication_required`."
)
CONFIRMED_DELETION = (
    "Requires `current_password`, the password of the member whose token is sent; otherwise the "
    "response is the 403 problem `reauthentication_required`."
)
PRIVATE, PUBLIC = UserSchema(), PublicUserSchema()


def _editable(view: Callable[..., Response]) -> Callable[..., Response]:
    """Load the member, or return 403 or 404 before the body is validated."""

    @wraps(view)
    def authorized(self: MethodView, user_id: int) -> Response:
        user = db.get_or_404(User, user_id)
        if not user.is_editable_by(member()):
            abort(403)
        return view(self, user=user)

    return authorized


@bp.route("/users", endpoint="users")
class Users(MethodView):
    @token_optional
    @conditional_get("listUsers")
    @problems(422)
    @bp.arguments(PageQuery, location="query")
    @bp.response(200, UsersSchema, headers=LINK | ETAG)
    def get(self, query: dict[str, Any]) -> Response:
        """List members, oldest account first"""
        total, _ = db.session.execute(*User.totals()).one()
        page, users = numbered_page(select(User).order_by(User.id), total, query)
        body = {"users": [document(user) for user in users], **page}
        return respond(body, Link=link_header(page))

    @token_optional
    @idempotent("createUser")
    @problems(400, 403, 409, 413, 415, 422, 429)
    @bp.arguments(RegistrationSchema)
    @bp.response(201, UserSchema, headers=LOCATION | ETAG)
    @limiter.shared_limit("10 per hour", "register")
    def post(self, fields: dict[str, str]) -> Response:
        """Create an account"""
        admin = caller()
        if not current_app.config["REGISTRATION_OPEN"] and not (admin and admin.is_admin):
            abort(403, "Sign-up is closed. Only admins can create accounts.")
        try:
            return _created(sign_up(fields["username"], fields["email"], fields["password"]))
        except RuleError as broken:
            raise InvalidFields({"password": [str(broken)]}) from None
        except TakenError as taken:
            if user := _created_before(**fields):
                return _created(user)
            raise _conflict(taken) from None


@bp.route("/users/<id:user_id>", endpoint="user")
class OneUser(MethodView):
    @token_optional
    @conditional_get("getUser")
    @problems(404, 422)
    @bp.response(200, UserSchema, headers=ETAG)
    def get(self, user_id: int) -> Response:
        """Get a member"""
        return respond(document(db.get_or_404(User, user_id)))

    @token_required
    @_editable
    @conditional_write("replaceUser", CONFIRMED_CHANGES)
    @problems(400, 403, 404, 409, 412, 413, 415, 422, 429)
    @bp.arguments(UserChangeSchema)
    @bp.response(200, UserSchema, headers=ETAG)
    def put(self, fields: dict[str, str], user: User) -> Response:
        """Replace username, e-mail address and what else is sent; a new password ends this token"""
        return _change(user, fields)

    @token_required
    @_editable
    @conditional_write("changeUser", CONFIRMED_CHANGES)
    @problems(400, 403, 404, 409, 412, 413, 415, 422, 429)
    @bp.arguments(UserChangeSchema(partial=True))
    @bp.response(200, UserSchema, headers=ETAG)
    def patch(self, fields: dict[str, str], user: User) -> Response:
        """Update the profile, e-mail address or password; a new password also ends this token"""
        return _change(user, fields)

    @token_required
    @_editable
    @conditional_write("deleteUser", CONFIRMED_DELETION)
    @problems(400, 403, 404, 409, 412, 413, 415, 422, 429)
    @bp.arguments(UserDeletionSchema)
    @bp.response(204)
    def delete(self, fields: dict[str, str], user: User) -> Response:
        """Permanently delete an account and everything in it"""
        _require_password(fields)
        user.lock()
        check_unchanged(document(user))
        try:
            delete_account(user)
        except LastAdminError as refused:
            abort(409, str(refused))
        return Response(status=204)


def document(user: User) -> dict[str, Any]:
    """The member as the caller may see them."""
    reader = caller()
    schema = PRIVATE if reader is not None and user.is_editable_by(reader) else PUBLIC
    fields: dict[str, Any] = schema.dump(user)
    return fields


def _change(user: User, fields: dict[str, str]) -> Response:
    changes_email = fields.get("email") not in {None, user.email}
    if changes_email or "password" in fields:
        _require_password(fields)
    if changes_email:
        count_address_change(member())
    try:
        change_account(
            user,
            username=fields.get("username"),
            email=fields.get("email"),
            password=fields.get("password"),
            display_name=fields.get("display_name"),
            bio=fields.get("bio"),
            picture=b"" if "picture" in fields else None,
            check=lambda: check_unchanged(document(user)),
        )
    except RuleError as broken:
        raise InvalidFields({"password": [str(broken)]}) from None
    except TakenError as taken:
        raise _conflict(taken) from None
    return respond(document(user))


def _require_password(fields: dict[str, str]) -> None:
    """Whoever has stolen a token must not be able to take over the account."""
    if "current_password" not in fields:
        raise ReauthenticationRequired
    if not is_password_of(member(), fields["current_password"]):
        raise ReauthenticationRequired("`current_password` is not your password.")


def _created(user: User) -> Response:
    location = url_for("api.user", user_id=user.id)
    return respond(PRIVATE.dump(user), 201, Location=location)


def _created_before(username: str, email: str, password: str) -> User | None:
    """The account that an earlier, identical request created.

    Counts as a log-in, since the answer tells whether the password is right. Raises
    `TooManyRequests`.
    """
    if "Idempotency-Key" not in request.headers:
        return None
    user = attempt_log_in(username, password)
    is_same = user is not None and (user.username, user.email) == (username, email)
    return user if is_same else None


def _conflict(taken: TakenError) -> TakenFields:
    return TakenFields({field: [message] for field, message in taken.messages.items()})
