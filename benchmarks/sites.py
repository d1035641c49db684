"""The measured sites, filled by the command `demo`: once and kept, or for one run."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.servers import PROJECT, free_port, launch, settings

FOLDER = PROJECT / "benchmarks" / "sites"
PEOPLE = 1000


def site(posts: int, server: str) -> dict[str, str]:
    """Return the environment of a site with so many posts, filling it if necessary.

    It is in SQLite, or on the PostgreSQL `server` if a URL is given.
    """
    FOLDER.mkdir(exist_ok=True)
    done = FOLDER / f"{'postgresql' if server else 'sqlite'}-{posts}"
    url = f"sqlite:///{done}.db"
    if server:
        name = f"flaskblog_bench_{posts}"
        url = _database(server, name)
        if not done.exists():
            _execute(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    environment = settings(url, FOLDER / "media", 1)
    _flask(environment, "db", "upgrade")
    if not done.exists():
        started_at = time.monotonic()
        _fill(environment, PEOPLE, posts)
        done.write_text(f"{time.monotonic() - started_at:.0f} seconds\n")
    return environment


@contextmanager
def temporary_site(people: int, posts: int, server: str) -> Iterator[tuple[dict[str, str], Path]]:
    """Yield the environment of a filled site and the folder of its data, deleted afterwards."""
    with TemporaryDirectory(prefix="flaskblog-") as name, _temporary_database(server) as database:
        folder = Path(name)
        url = database or f"sqlite:///{folder}/site.db"
        environment = settings(url, folder / "media", free_port())
        _flask(environment, "db", "upgrade")
        _fill(environment, people, posts)
        yield environment, folder


@contextmanager
def _temporary_database(server: str) -> Iterator[str]:
    """Yield the URL of a new PostgreSQL database, or an empty text without a server."""
    if not server:
        yield ""
        return
    name = f"flaskblog_{secrets.token_hex(4)}"
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield _database(server, name)
    finally:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _database(server: str, name: str) -> str:
    url = make_url(server).set(drivername="postgresql", database=name)
    return url.render_as_string(hide_password=False)


def _execute(server: str, *statements: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def _fill(environment: dict[str, str], people: int, posts: int) -> None:
    click.echo(f"Filling {posts:,} posts")
    _flask(environment, "demo", "--people", str(people), "--posts", str(posts))


def _flask(environment: dict[str, str], *arguments: str) -> None:
    process = launch(["flask", "--app", "run", *arguments], environment)
    if process.wait():
        raise SystemExit(f"flask {' '.join(arguments)} failed")


def delete_incomplete() -> None:
    """Delete the SQLite databases of interrupted runs."""
    for path in FOLDER.glob("sqlite-*.db"):
        if not path.with_suffix("").exists():
            for part in FOLDER.glob(f"{path.name}*"):
                part.unlink()
