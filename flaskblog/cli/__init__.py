"""Commands for the person who runs the site: `flask --app run …`."""

from flask import Flask
from flask_migrate.cli import db as database

from flaskblog import processes, worker
from flaskblog.cli.backup import backup, restore, upgrade
from flaskblog.cli.demo import demo
from flaskblog.cli.doctor import doctor
from flaskblog.cli.mail import mail
from flaskblog.cli.move import move
from flaskblog.cli.posts import posts
from flaskblog.cli.users import users


def init_app(app: Flask) -> None:
    app.cli.command("start")(processes.start)
    app.cli.command("worker", help="Do the background work until stopped.")(worker.run)
    app.cli.add_command(backup)
    app.cli.command("doctor")(doctor)
    app.cli.add_command(demo)
    app.cli.add_command(mail)
    app.cli.add_command(posts)
    database.add_command(move)
    app.cli.add_command(restore)
    app.cli.add_command(upgrade)
    app.cli.add_command(users)
