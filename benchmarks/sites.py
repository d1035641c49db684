"""Sites to measure: filled once by `demo`, and kept for the next run."""

import time

import click
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from benchmarks.servers import PROJECT, launch, settings

FOLDER = PROJECT / "benchmarks" / "sites"
PEOPLE = 1000


def site(posts: int, server: str) -> dict[str, str]:
    """The settings of a site with so many posts, in SQLite or on the PostgreSQL `server`."""
    FOLDER.mkdir(exist_ok=True)
    done = FOLDER / f"{'postgresql' if server else 'sqlite'}-{posts}"
    url = _postgresql(posts, server, is_new=not done.exists()) if server else f"sqlite:///{done}.db"
    chosen = settings(url, FOLDER / "media", 1)
    _flask(chosen, "db", "upgrade")
    if not done.exists():
        began = time.monotonic()
        click.echo(f"Filling {posts:,} posts")
        _flask(chosen, "demo", "--people", str(PEOPLE), "--posts", str(posts))
        done.write_text(f"{time.monotonic() - began:.0f} seconds\n")
    return chosen


def _postgresql(posts: int, server: str, *, is_new: bool) -> str:
    url, name = make_url(server).set(drivername="postgresql+psycopg"), f"flaskblog_bench_{posts}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if is_new:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def _flask(chosen: dict[str, str], *words: str) -> None:
    process = launch(["flask", "--app", "run", *words], chosen)
    if process.wait():
        raise SystemExit(f"flask {' '.join(words)} failed")


def forget_half_filled() -> None:
    """A run that was broken off leaves a database without the file that says it is done."""
    for path in FOLDER.glob("sqlite-*.db"):
        if not path.with_suffix("").exists():
            for part in FOLDER.glob(f"{path.name}*"):
                part.unlink()
