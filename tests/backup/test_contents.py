"""The database of an archive is read, and nothing in it is run."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from flaskblog.backup.contents import open_untrusted


def test_a_database_of_others_is_not_written_to_or_trusted(tmp_path: Path) -> None:
    path = tmp_path / "a file? of 100%.db"
    made = sqlite3.connect(path)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE post (title)")
    made.execute("INSERT INTO post VALUES ('A title')")
    made.execute("CREATE VIEW matching AS SELECT title REGEXP 'A' FROM post")
    made.commit()
    made.close()
    with open_untrusted(path) as connection:
        titles = connection.exec_driver_sql("SELECT title FROM post").scalars().all()
        assert titles == ["A title"]
        for statement in ("DELETE FROM post", "PRAGMA user_version = 1"):
            with pytest.raises(OperationalError, match="readonly"):
                connection.exec_driver_sql(statement)
        with pytest.raises(OperationalError, match=r"(?i)unsafe use of regexp"):
            connection.exec_driver_sql("SELECT * FROM matching")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
