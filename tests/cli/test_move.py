"""The command `db move`."""

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select, text

from flaskblog.backup import transfer
from flaskblog.database import schema
from flaskblog.extensions import db
from flaskblog.models import Post
from tests.conftest import make_app
from tests.support.commands import run_command
from tests.support.filled_site import dump, filled_site


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_a_move_to_postgresql_and_back_changes_nothing(empty_url: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    there = run_command(site, "db", "move", "--to", empty_url)
    assert there.exit_code == 0, there.output
    assert re.search(r"^post +31 rows (\w+) +31 rows \1$", there.output, re.MULTILINE)
    back = run_command(
        make_app(empty_url), "db", "move", "--to", f"sqlite:///{tmp_path / 'back.db'}"
    )
    assert back.exit_code == 0, back.output
    assert dump(tmp_path / "back.db") == dump(tmp_path / "here.db")


@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_an_empty_site_can_be_moved(empty_url: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}")
    with site.app_context():
        db.session.execute(text('DELETE FROM "user"'))
        db.session.commit()
        db.session.remove()
    assert run_command(site, "db", "move", "--to", empty_url).exit_code == 0


def test_a_target_that_is_not_empty_is_refused_and_unchanged(
    empty_url: str, tmp_path: Path
) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}", posts=2)
    other = filled_site(empty_url, posts=1)
    refused = run_command(site, "db", "move", "--to", empty_url)
    assert refused.exit_code == 1
    assert refused.output.splitlines()[-1] == (
        "Error: Nothing was moved. The target database is not empty."
    )
    with other.app_context():
        assert len(db.session.scalars(select(Post)).all()) == 2
        db.session.remove()


def test_a_running_site_is_not_moved(empty_url: str, tmp_path: Path) -> None:
    site = filled_site(empty_url, posts=2)
    target = tmp_path / "there.db"
    other = schema.open_engine(site.config["SQLALCHEMY_DATABASE_URI"])
    with other.connect() as connection:
        connection.execute(select(Post.id))
        refused = run_command(site, "db", "move", "--to", f"sqlite:///{target}")
    other.dispose()
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: Nothing was moved. The site is running. Stop its processes first, then try again.\n"
    )
    assert not target.exists()
    assert run_command(site, "db", "move", "--to", f"sqlite:///{target}").exit_code == 0


def test_a_difference_is_reported_and_leaves_the_target_empty(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}", posts=2)
    migrate = schema.migrate

    def migrate_and_add_a_corrupting_trigger(engine: Engine, revision: str) -> None:
        migrate(engine, revision)
        with engine.begin() as connection:
            for statement in CORRUPTING[engine.dialect.name]:
                connection.exec_driver_sql(statement)

    with monkeypatch.context() as corrupted:
        corrupted.setattr(schema, "migrate", migrate_and_add_a_corrupting_trigger)
        result = run_command(site, "db", "move", "--to", empty_url)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "Error: Nothing was moved. These differ: post."
    engine = create_engine(empty_url)
    with engine.connect() as connection:
        assert transfer.count_rows(connection) == 0
    engine.dispose()


@pytest.mark.parametrize("url", ["mysql://nowhere/", "postgresql://127.0.0.1:1/none", "nonsense"])
def test_a_url_that_cannot_be_opened_is_an_error(url: str, tmp_path: Path) -> None:
    site = filled_site(f"sqlite:///{tmp_path / 'here.db'}", posts=0)
    result = run_command(site, "db", "move", "--to", url)
    assert result.exit_code == 1
    assert result.output.splitlines()[0].startswith("Error: ")


CORRUPTING = {
    "sqlite": [
        "CREATE TRIGGER corrupt AFTER INSERT ON post BEGIN"
        " UPDATE post SET title = 'Other' WHERE id = new.id; END"
    ],
    "postgresql": [
        "CREATE FUNCTION corrupt() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.title := 'Other'; RETURN NEW; END $$",
        "CREATE TRIGGER corrupt BEFORE INSERT ON post FOR EACH ROW EXECUTE FUNCTION corrupt()",
    ],
}
