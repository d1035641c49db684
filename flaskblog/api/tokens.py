"""API tokens: a JWT that identifies a session, and is valid as long as the session."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import jwt
from flask import Response, current_app, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from flaskblog.api.blueprint import bp, problems
from flaskblog.database.base import now
from flaskblog.models import User
from flaskblog.models.session import API_LIFETIME, Kind
from flaskblog.users.sessions import begin_api_session, user_of

P = ParamSpec("P")
ALGORITHM = "HS256"
CLAIMS = ["sub", "jti", "iat", "exp"]
SCHEME = "token"


def token_required(view: Callable[P, Response]) -> Callable[P, Response]:
    """Return 401 before the request is validated."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        member()
        return view(*args, **kwargs)

    documented: Callable[P, Response] = problems(401)(bp.doc(security=[{SCHEME: []}])(guarded))
    return documented


def token_optional(view: Callable[P, Response]) -> Callable[P, Response]:
    """Return 401 for an invalid token, but not without one."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Response:
        caller()
        return view(*args, **kwargs)

    described = bp.doc(security=[{}, {SCHEME: []}])(guarded)
    documented: Callable[P, Response] = problems(401)(described)
    return documented


def caller() -> User | None:
    """Return the member whose token came with the request, if any."""
    if "caller" not in g:
        authorization = request.authorization
        g.caller = None
        if authorization is not None and authorization.type == "bearer":
            g.caller = _user_of_token(authorization.token or "")
            if g.caller is None:
                raise unauthorized("The token is invalid or has expired.")
    found: User | None = g.caller
    return found


def member() -> User:
    user = caller()
    if user is None:
        raise unauthorized("Log in at /api/login and send the token as Authorization: Bearer.")
    return user


def unauthorized(detail: str) -> Unauthorized:
    challenge: dict[str, str | None] = {"realm": "api"}
    if request.authorization is not None and request.authorization.type == "bearer":
        challenge["error"] = "invalid_token"
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", challenge))


def issue(user: User) -> str:
    """Begin a session and return its token."""
    issued = now()
    claims: dict[str, Any] = {
        "sub": str(user.id),
        "jti": begin_api_session(user),
        "iat": issued,
        "exp": issued + API_LIFETIME,
    }
    return jwt.encode(claims, _key(current_app.config["SECRET_KEY"]), ALGORITHM)


def _user_of_token(token: str) -> User | None:
    claims = _claims(token)
    if claims is None:
        return None
    user = user_of(claims["jti"], Kind.API)
    return user if user is not None and claims["sub"] == str(user.id) else None


def _claims(token: str) -> dict[str, Any] | None:
    config = current_app.config
    for secret in (config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]):
        try:
            return jwt.decode(token, _key(secret), [ALGORITHM], options={"require": CLAIMS})
        except jwt.InvalidTokenError:
            continue
    return None


def _key(secret: str) -> bytes:
    """Derive a key for this purpose, of the length that HS256 requires (RFC 7518, 3.2)."""
    return hmac.digest(secret.encode(), b"api-token", "sha256")
