"""The measured sites, filled once by the command `demo` and kept for the next run."""

import time

import click
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.servers import PROJECT, launch, settings

FOLDER = PROJECT / "benchmarks" / "sites"
PEOPLE = 1000


def site(posts: int, server: str) -> dict[str, str]:
    """Return the environment of a site with so many posts, filling it if necessary.

    It is in SQLite, or on the PostgreSQL `server` if a URL is given.
    """
    FOLDER.mkdir(exist_ok=True)
    done = FOLDER / f"{'postgresql' if server else 'sqlite'}-{posts}"
    url = _postgresql(posts, server, is_new=not done.exists()) if server else f"sqlite:///{done}.db"
    environment = settings(url, FOLDER / "media", 1)
    _flask(environment, "db", "upgrade")
    if not done.exists():
        started_at = time.monotonic()
        click.echo(f"Filling {posts:,} posts")
        _flask(environment, "demo", "--people", str(PEOPLE), "--posts", str(posts))
        done.write_text(f"{time.monotonic() - started_at:.0f} seconds\n")
    return environment


def _postgresql(posts: int, server: str, *, is_new: bool) -> str:
    url, name = make_url(server).set(drivername="postgresql+psycopg"), f"flaskblog_bench_{posts}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if is_new:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


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
