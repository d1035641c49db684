"""Getting a token, and ending it."""

from typing import Any

from flask import Response, g, jsonify
from flask.views import MethodView

from flaskblog.api.blueprint import api, problems
from flaskblog.api.schemas import BEARER, LoginSchema, TokenSchema
from flaskblog.api.tokens import issue, member, token_required, unauthorized
from flaskblog.extensions import db, limiter
from flaskblog.models import User
from flaskblog.models.session import API_LIFETIME
from flaskblog.passwords import check_password
from flaskblog.users.limits import login_key
from flaskblog.users.sessions import end


def _sent_account() -> str:
    return login_key(g.sent["email"])


@api.route("/login", endpoint="login")
class Login(MethodView):
    @api.doc(operationId="logIn")
    @problems(400, 401, 413, 415, 422, 429)
    @api.arguments(LoginSchema)
    @api.response(200, TokenSchema)
    @limiter.shared_limit("5 per minute", "login", key_func=_sent_account)
    @limiter.shared_limit("20 per minute", "login")
    def post(self, sent: dict[str, Any]) -> Response:
        """Log in; the token is good for an hour"""
        user = db.session.scalar(User.known_as(sent["email"]))
        fits = check_password(user.password_hash if user else None, sent["password"])
        if user is None or not fits:
            raise unauthorized("The name and the password do not belong together.")
        response = jsonify(
            access_token=issue(user),
            token_type=BEARER,
            expires_in=int(API_LIFETIME.total_seconds()),
        )
        response.cache_control.no_store = True
        return response


@api.route("/logout", endpoint="logout")
class Logout(MethodView):
    @token_required
    @api.doc(operationId="logOut")
    @api.response(204)
    def post(self) -> Response:
        """End the token"""
        end(member().session_token)
        return Response(status=204)
