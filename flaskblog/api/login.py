"""Getting and revoking a token."""

from typing import Any

from flask import Response, jsonify
from flask.views import MethodView

from flaskblog.api.blueprint import bp, problems
from flaskblog.api.schemas import BEARER, LoginSchema, TokenSchema
from flaskblog.api.tokens import issue, member, token_required, unauthorized
from flaskblog.models.session import API_LIFETIME
from flaskblog.users.access import WRONG_CREDENTIALS
from flaskblog.users.log_in_attempts import attempt_log_in
from flaskblog.users.sessions import end_session


@bp.route("/login", endpoint="login")
class Login(MethodView):
    @bp.doc(operationId="logIn")
    @problems(400, 401, 413, 415, 422, 429)
    @bp.arguments(LoginSchema)
    @bp.response(200, TokenSchema)
    def post(self, fields: dict[str, Any]) -> Response:
        """Log in and get a token that is valid for one hour"""
        user = attempt_log_in(fields["email"], fields["password"])
        if user is None:
            raise unauthorized(WRONG_CREDENTIALS)
        response = jsonify(
            access_token=issue(user),
            token_type=BEARER,
            expires_in=int(API_LIFETIME.total_seconds()),
        )
        response.cache_control.no_store = True
        return response


@bp.route("/logout", endpoint="logout")
class Logout(MethodView):
    @token_required
    @bp.doc(operationId="logOut")
    @problems(422)
    @bp.response(204)
    def post(self) -> Response:
        """Log out and revoke the token"""
        end_session(member().session_token)
        return Response(status=204)
