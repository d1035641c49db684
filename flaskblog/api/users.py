"""Who people are."""

from typing import Any

from flask import Response, abort, current_app, request, url_for
from flask.views import MethodView
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from flaskblog import media, outbox
from flaskblog.api.blueprint import ETAG, LINK, LOCATION, api, changes, makes, problems, reads
from flaskblog.api.conditions import answer, check_unchanged
from flaskblog.api.lists import PageQuery, links, numbered_page
from flaskblog.api.schemas import (
    PublicUserSchema,
    RegistrationSchema,
    UserChangeSchema,
    UserSchema,
    UsersSchema,
)
from flaskblog.api.tokens import caller, member, token_optional, token_required
from flaskblog.extensions import db, limiter
from flaskblog.models import FormerName, User
from flaskblog.passwords import hash_password
from flaskblog.problems import Messages, TakenFields
from flaskblog.users.changes import change_address, change_name, end_old_password
from flaskblog.users.forms import ADDRESS_TAKEN, NAME_TAKEN

WHOLE, PUBLIC = UserSchema(), PublicUserSchema()


@api.route("/users", endpoint="users")
class Users(MethodView):
    @token_optional
    @reads("listUsers")
    @problems(422)
    @api.arguments(PageQuery, location="query")
    @api.response(200, UsersSchema, headers=LINK | ETAG)
    def get(self, asked: dict[str, Any]) -> Response:
        """Read who is here, those who came first first"""
        total, _ = db.session.execute(User.totals()).one()
        page, people = numbered_page(select(User).order_by(User.id), total, asked)
        return answer({"users": [document(user) for user in people], **page}, Link=links(page))

    @token_optional
    @makes("createUser")
    @problems(400, 403, 409, 413, 415, 422, 429)
    @api.arguments(RegistrationSchema)
    @api.response(201, UserSchema, headers=LOCATION | ETAG)
    @limiter.shared_limit("10 per hour", "register")
    def post(self, sent: dict[str, str]) -> Response:
        """Sign up"""
        admin = caller()
        if not current_app.config["REGISTRATION_OPEN"] and not (admin and admin.is_admin):
            abort(403, "Only admins can make accounts here for now.")
        if taken := _taken(sent):
            return _answer_again(sent, taken)
        user = User.register(**sent)
        db.session.execute(FormerName.taken(user.username))
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            return _answer_again(sent, _taken(sent))
        return _made(user)


@api.route("/users/<id:user_id>", endpoint="user")
class OneUser(MethodView):
    @token_optional
    @reads("getUser")
    @problems(404)
    @api.response(200, UserSchema, headers=ETAG)
    def get(self, user_id: int) -> Response:
        """Read who somebody is"""
        return answer(document(db.get_or_404(User, user_id)))

    @token_required
    @changes("replaceUser")
    @problems(400, 403, 404, 409, 412, 413, 415, 422)
    @api.arguments(UserChangeSchema)
    @api.response(200, UserSchema, headers=ETAG)
    def put(self, sent: dict[str, str], user_id: int) -> Response:
        """Take another name and address, and password if one is sent, which ends this token too"""
        return _change(user_id, sent)

    @token_required
    @changes("changeUser")
    @problems(400, 403, 404, 409, 412, 413, 415, 422)
    @api.arguments(UserChangeSchema(partial=True))
    @api.response(200, UserSchema, headers=ETAG)
    def patch(self, sent: dict[str, str], user_id: int) -> Response:
        """Change the name, the address or the password; another password ends this token too"""
        return _change(user_id, sent)

    @token_required
    @changes("deleteUser")
    @problems(403, 404, 412)
    @api.response(204)
    def delete(self, user_id: int) -> Response:
        """Delete an account, and all that belongs to it, for good"""
        user = _own(user_id)
        picture = db.session.scalar(user.gone())
        db.session.commit()
        if picture:
            media.remove(picture)
        return Response(status=204)


def document(user: User) -> dict[str, Any]:
    """As the one who asks may see it."""
    reader = caller()
    schema = WHOLE if reader is not None and user.is_editable_by(reader) else PUBLIC
    shown: dict[str, Any] = schema.dump(user)
    return shown


def _own(user_id: int) -> User:
    """Somebody whom the caller may change, in the state that the request is for."""
    user = db.get_or_404(User, user_id)
    if not user.is_editable_by(member()):
        abort(403)
    db.session.execute(user.held())
    db.session.refresh(user)
    check_unchanged(document(user))
    return user


def _change(user_id: int, sent: dict[str, str]) -> Response:
    # Before the row is held: hashing takes a fifth of a second.
    password_hash = hash_password(sent["password"]) if "password" in sent else None
    user = _own(user_id)
    # What a name or an address collides with is told when all is written at once.
    with db.session.no_autoflush:
        if password_hash:
            user.password_hash = password_hash
            end_old_password(user)
        if sent.get("email", user.email) != user.email:
            change_address(user, sent["email"])
        if sent.get("username", user.username) != user.username:
            change_name(user, sent["username"])
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        raise TakenFields(_taken(sent, user_id)) from None
    outbox.wake()
    return answer(document(user))


def _taken(sent: dict[str, str], owner_id: int | None = None) -> Messages:
    """What somebody other than the owner has."""
    queries = {"username": (User.named, NAME_TAKEN), "email": (User.addressed, ADDRESS_TAKEN)}
    holders = {
        name: (db.session.scalar(query(sent[name])), message)
        for name, (query, message) in queries.items()
        if name in sent
    }
    return {
        name: [message] for name, (user, message) in holders.items() if user and user.id != owner_id
    }


def _made(user: User) -> Response:
    location = url_for("api.user", user_id=user.id)
    return answer(WHOLE.dump(user), 201, Location=location)


def _answer_again(sent: dict[str, str], taken: Messages) -> Response:
    """A repeated request is known by the account it made: same name, address and password."""
    user = db.session.scalar(User.named(sent["username"]))
    is_repeated = (
        "Idempotency-Key" in request.headers
        and user is not None
        and (user.username, user.email) == (sent["username"], sent["email"])
        and user.has_password(sent["password"])
    )
    if user is None or not is_repeated:
        raise TakenFields(taken)
    return _made(user)
