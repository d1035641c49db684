"""The counters of primary keys after a copy to another engine."""

from pathlib import Path

import pytest
from sqlalchemy import text

from flaskblog.extensions import db
from flaskblog.models import User
from tests.conftest import make_app
from tests.support.commands import run_command
from tests.support.factories import make_post
from tests.support.filled_site import filled_site


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_new_rows_continue_the_ids_of_the_previous_database(empty_url: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    with site.app_context():
        highest = db.session.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'post'"))
        last = highest.scalar_one()
    url = empty_url.replace("postgresql+psycopg", "postgres")  # any of the three schemes will do
    assert run_command(site, "db", "move", "--to", url).exit_code == 0
    moved = make_app(empty_url)
    with moved.app_context():
        author = db.session.scalars(User.by_username("author")).one()
        assert make_post(author).id == last + 1
        db.session.remove()
