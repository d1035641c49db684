"""A site with a row in every table, and the whole of a SQLite file as text."""

import sqlite3
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from flaskblog.database.base import Base, now
from flaskblog.extensions import db
from flaskblog.extensions.rate_limits import rate_limit
from flaskblog.models import Draft, FormerName, Mail, Session, Setting
from tests.conftest import make_app
from tests.support.factories import make_post, make_user

SURPRISING = '\'); -- "quoted"\\ \t\n\u00e9 e\u0301 \U0001f9ff \u4f60 \u200f {} %s :name'


_made: dict[int, bytes] = {}


def filled_site(url: str, posts: int = 30, **settings: str) -> Flask:
    """A SQLite file is filled once in a run, and then copied."""
    file = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
    if file and posts in _made:
        file.write_bytes(_made[posts])
        return make_app(url, **settings)
    site = make_app(url, **settings)
    with site.app_context():
        upgrade()
        fill(posts)
        db.session.remove()
        db.engine.dispose()
    if file:
        _made[posts] = file.read_bytes()
    return site


def fill(posts: int) -> None:
    author, other = make_user("author"), make_user("Other.one")
    other.display_name, other.bio = "Ötzi \u4f60", SURPRISING
    for number in range(posts):
        make_post(
            (author, other)[number % 2],
            title=f"{number} caf\u00e9",
            content=f"{SURPRISING} {number}",
            created_at=now() - timedelta(days=number, microseconds=number),
        )
    changed = make_post(author, created_at=now().replace(microsecond=0))
    changed.revise("Another title", "Other words.")
    db.session.commit()
    db.session.delete(make_post(author))  # its number is not given again
    row, _token = Session.begin(
        author, lifetime=timedelta(days=1), address="2001:db8::1", browser=SURPRISING
    )
    # In another order than that of their keys, in any language.
    names = [FormerName(username_key=name, user_id=other.id) for name in ("b_b", "a.b", "ab", "1")]
    mail = Mail.to("reader@example.org", "reset_password", name=SURPRISING)
    mail.failed_at = now()
    draft = Draft(author_id=author.id, key="k", title="", content=SURPRISING, post_id=changed.id)
    db.session.add_all([row, *names, mail, draft, Setting(key="a name", value={"a": SURPRISING})])
    for key, time in [("B", 1_800_000_000.1), ("a", 1e9), ("\u00e4", 1 / 3)]:
        db.session.execute(rate_limit.insert().values(key=key, hits=1, expires_at=time))
    db.session.commit()
    for table in Base.metadata.tables.values():
        assert db.session.execute(table.select()).first() is not None, f"{table} is left empty"


def dump(path: Path) -> str:
    """Every row and every definition; sorted, as a table has no order of its own."""
    connection = sqlite3.connect(path)
    try:
        return "\n".join(sorted(connection.iterdump()))
    finally:
        connection.close()
