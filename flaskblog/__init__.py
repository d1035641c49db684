"""A self-hosted community blog."""

from functools import partial

from flask import Flask

from config import INSTANCE, Config
from flaskblog import (
    api,
    caching,
    cli,
    extensions,
    main,
    media,
    monitoring,
    posts,
    serving,
    templating,
    users,
    web,
)
from flaskblog.monitoring.metrics import count_cached_page
from flaskblog.web.unhandled import UnhandledErrors


def create_app(config: Config) -> Flask:
    """Create the application. The order is that of the request hooks and the WSGI layers."""
    app = Flask(__name__, instance_path=str(INSTANCE))
    app.config.from_object(config)
    monitoring.init_app(app)
    web.init_app(app)
    extensions.init_app(app)
    caching.init_app(app, on_hit=partial(count_cached_page, app))
    serving.init_app(app)
    templating.init_app(app)
    media.init_app(app)
    main.init_app(app)
    users.init_app(app)
    posts.init_app(app)
    api.init_app(app)
    cli.init_app(app)
    app.wsgi_app = UnhandledErrors(app, app.wsgi_app)  # type: ignore[method-assign]
    return app
