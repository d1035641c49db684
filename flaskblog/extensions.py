"""The extensions, made unbound here and bound to an application in `create_app`."""

from flask import Response, session
from flask_bcrypt import Bcrypt
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

from flaskblog.database import Base
from flaskblog.queue import Queue
from flaskblog.rate_limits import client_network
from flaskblog.smtp import Mailer


class SessionLoginManager(LoginManager):
    """Flask-Login without its remember cookie: ours names a session row, and may be permanent.

    And without its guess from address and browser: the row is the proof, and a guess would add
    only false alarms.
    """

    def _load_user(self) -> None:
        token = session.get("_user_id")
        user = self._user_callback(token) if token and self._user_callback else None
        self._update_request_context_with_user(user)

    def _update_remember_cookie(self, response: Response) -> Response:
        # Would look into the session after every request, pictures and style sheets included.
        return response


class RouteLimiter(Limiter):
    """Flask-Limiter, looking only where a limit stands: at some routes, not at each request."""

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        if not in_middleware:
            super()._check_request_limit(callable_name, in_middleware)


db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate(render_as_batch=True)
bcrypt = Bcrypt()
login_manager = SessionLoginManager()
mail = Mailer()
csrf = CSRFProtect()
limiter = RouteLimiter(key_func=client_network)
queue = Queue()
