"""The extensions, made unbound here and bound to an application in `create_app`."""

from contextlib import suppress

from flask import Flask, current_app
from flask_bcrypt import Bcrypt
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from flaskblog.database.base import Base
from flaskblog.extensions.mailer import Mailer
from flaskblog.extensions.rate_limits import client_network
from flaskblog.extensions.task_queue import Queue

db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate(render_as_batch=True)
bcrypt = Bcrypt()
login_manager = LoginManager()
# A session row proves who is asking; address and browser may change.
login_manager.session_protection = None
mail = Mailer()
csrf = CSRFProtect()
limiter = Limiter(key_func=client_network)
queue = Queue()


def init_app(app: Flask) -> None:
    db.init_app(app)
    # Called before Flask-SQLAlchemy's function, which then finds no session.
    app.teardown_appcontext(_close_session)
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations")
    bcrypt.init_app(app)
    # `LoginManager.init_app` would do the same, and register a function for its remember cookie
    # that reads the session after every request: pictures and files would vary by cookie.
    app.login_manager = login_manager  # type: ignore[attr-defined]
    csrf.init_app(app)
    limiter.logger = app.logger
    limiter.init_app(app)
    mail.init_app(app)
    queue.init_app(app)


def _close_session(_error: BaseException | None) -> None:
    """Close the session; if its connection has broken since, the response is sent all the same."""
    try:
        db.session.remove()
    except OperationalError:
        current_app.logger.warning("the connection to the database broke", exc_info=True)
        with suppress(SQLAlchemyError):
            db.session().invalidate()
        db.session.registry.clear()
