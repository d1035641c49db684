"""Tools for databases at any revision."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.conftest import make_app
from tests.support.commands import run_command
from tests.support.filled_site import filled_site


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_postgresql_analyzes_tables_after_a_bulk_load(empty_url: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    assert run_command(site, "db", "move", "--to", empty_url).exit_code == 0
    assert estimated_posts(empty_url) == 31
    filled = run_command(make_app(empty_url), "demo", "--people", "1", "--posts", "9")
    assert filled.exit_code == 0, filled.output
    assert estimated_posts(empty_url) == 40


def estimated_posts(url: str) -> int:
    """Return PostgreSQL's estimate of the number of posts."""
    engine = create_engine(url)
    with engine.connect() as connection:
        query = text("SELECT reltuples::integer FROM pg_class WHERE oid = 'post'::regclass")
        estimate = connection.scalar(query)
    engine.dispose()
    return int(estimate)
