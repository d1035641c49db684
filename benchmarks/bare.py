"""The bare views: a constant response of 10 KB, and one password check."""

import os

import bcrypt
from flask import Flask
from granian import Granian
from granian.constants import Interfaces

from config import Config

PAGE = b"<!doctype html>" + b"x" * (10 * 1024 - 15)
HASH = bcrypt.hashpw(b"a password", bcrypt.gensalt(Config.BCRYPT_LOG_ROUNDS))

app = Flask(__name__)


@app.route("/")
def constant() -> bytes:
    return PAGE


@app.post("/check")
def check() -> str:
    return str(bcrypt.checkpw(b"a password", HASH))


if __name__ == "__main__":
    Granian(
        "benchmarks.bare:app",
        port=int(os.environ["PORT"]),
        interface=Interfaces.WSGI,
        workers=int(os.environ["WORKERS"]),
        blocking_threads=int(os.environ["THREADS"]),
        websockets=False,
        log_enabled=False,
    ).serve()
