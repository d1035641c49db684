"""The commands for operators: `flask --app run …`."""

from flask import Flask
from flask_migrate.cli import db as database

from flaskblog.cli import (
    backup,
    config,
    demo,
    doctor,
    mail,
    maintenance,
    move,
    posts,
    secret,
    sessions,
    users,
)
from flaskblog.serving import supervisor, worker


def init_app(app: Flask) -> None:
    app.cli.command("start")(supervisor.start)
    app.cli.command("worker", help="Run background jobs until stopped.")(worker.run)
    app.cli.command("doctor")(doctor.doctor)
    for command in (
        backup.backup,
        backup.restore,
        backup.upgrade,
        config.config,
        demo.demo,
        mail.mail,
        maintenance.maintenance,
        posts.posts,
        secret.secret,
        sessions.sessions,
        users.users,
    ):
        app.cli.add_command(command)
    database.add_command(move.move)
