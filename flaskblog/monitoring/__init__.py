"""Health checks, metrics and logs."""

from flask import Flask

from flaskblog.monitoring import logs, metrics


def init_app(app: Flask) -> None:
    """Must precede all other request hooks: it numbers the request and starts its timer."""
    logs.init_app(app)
    for sentence in app.config["CONFIG_WARNINGS"]:
        app.logger.warning(sentence)
    metrics.init_app(app)
