"""The WSGI application as `run:app`; run as a script, the site with its own web server."""

import sqlite3

import psycopg

from config import INSTANCE, load_config
from flaskblog import create_app
from flaskblog.serving import permissions
from flaskblog.serving.preload import preload
from flaskblog.serving.server import serve

permissions.restrict(INSTANCE)
try:
    app = create_app(load_config())
except (OSError, sqlite3.Error, psycopg.Error) as error:
    reason = str(error).splitlines()[0]
    raise SystemExit(f"Flaskblog cannot start. DATABASE_URL does not open: {reason}") from None

if __name__ == "__main__":
    preload(app)
    serve(app)
