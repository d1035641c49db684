"""The application for any WSGI server as `run:app`; by itself, the site with its own server."""

import gc

# What is imported stays: to look for garbage in it takes a seventh of a start.
gc.disable()

import sqlite3

import psycopg

from config import load_config
from flaskblog import create_app
from flaskblog.forks import prepare
from flaskblog.server import serve

try:
    app = create_app(load_config())
except (OSError, sqlite3.Error, psycopg.Error) as error:
    told = str(error).splitlines()[0]
    raise SystemExit(f"Flaskblog cannot start. DATABASE_URL does not open: {told}") from None
gc.enable()

if __name__ == "__main__":
    prepare(app)
    serve(app)
