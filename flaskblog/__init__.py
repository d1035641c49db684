"""A community's own place to write."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import INSTANCE, Config
from flaskblog import (
    appearance,
    assets,
    cli,
    compression,
    database_state,
    errors,
    guard,
    headers,
    logs,
    media,
    metrics,
    shared_page,
    templating,
)
from flaskblog.addresses import IdConverter
from flaskblog.api import documents, program_interface
from flaskblog.application import Application
from flaskblog.extensions import bcrypt, csrf, db, limiter, login_manager, mail, migrate, queue
from flaskblog.headers import SecurityHeaders
from flaskblog.main import main
from flaskblog.page_cache import PageCache
from flaskblog.posts import posts
from flaskblog.users import users


def create_app(config: Config) -> Flask:
    app = Application(__name__, instance_path=str(INSTANCE))
    app.config.from_object(config)
    database_state.init_app(app)
    app.wsgi_app = PageCache(app, SecurityHeaders(app, app.wsgi_app))  # type: ignore[method-assign]
    if config.TRUSTED_PROXIES:
        hops = config.TRUSTED_PROXIES
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.url_map.converters["id"] = IdConverter

    logs.init_app(app)
    metrics.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory=f"{app.root_path}/migrations")
    bcrypt.init_app(app)
    login_manager.init_app(app, add_context_processor=False)
    limiter.logger = app.logger
    limiter.init_app(app)
    mail.init_app(app)
    queue.init_app(app)

    # The guard comes before the form token's check, so that bad bytes are told as what they are.
    errors.init_app(app)
    guard.init_app(app)
    csrf.init_app(app)
    # What is asked last after a request comes first here: compression sees the finished headers.
    compression.init_app(app)
    headers.init_app(app)
    appearance.init_app(app)
    assets.init_app(app)
    templating.init_app(app)
    shared_page.init_app(app)
    media.init_app(app)
    cli.init_app(app)

    app.register_blueprint(main)
    app.register_blueprint(users)
    app.register_blueprint(posts)
    app.register_blueprint(documents)
    program_interface.init_app(app)
    return app
