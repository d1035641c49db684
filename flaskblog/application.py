"""The application's class: Flask, without what it looks up anew for each request in vain."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.ctx import RequestContext
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

from flaskblog.addresses import mounted_at
from flaskblog.templating import Environment

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class SignedSessions(SecureCookieSessionInterface):
    """Flask's own, which makes one serializer for each set of keys."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        keys = (app.secret_key, *app.config["SECRET_KEY_FALLBACKS"])
        if keys not in self._made:
            self._made = {keys: super().get_signing_serializer(app)}
        return self._made[keys]


class Answer(Response):
    """In one piece, where it is one: a server sends a list at once, and an iterator bit by bit."""

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        body = super().__call__(environ, start_response)
        if not self.is_sequence:
            return body
        whole = list(body)
        self.close()
        return whole


class Application(Flask):
    response_class = Answer
    jinja_environment = Environment
    session_interface = SignedSessions()

    def request_context(self, environ: "WSGIEnvironment") -> RequestContext:
        mounted_at.set(environ.get("SCRIPT_NAME", ""))
        return super().request_context(environ)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself: no view is a coroutine, and a request calls twenty of them."""
        return func
