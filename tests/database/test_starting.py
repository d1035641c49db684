"""Several processes that migrate an empty database at the same moment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from flaskblog.database.base import Base
from tests.support.processes import TIMEOUT

pytestmark = pytest.mark.server


def test_of_several_processes_one_migrates_and_the_others_wait(
    empty_url: str, project: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "flask", "--app", "run", "db", "upgrade"]
    environment = os.environ | {"FLASKBLOG_ENV": "test", "DATABASE_URL": empty_url}
    log = tmp_path / "log"
    with log.open("wb") as output:
        starts = [
            subprocess.Popen(command, cwd=project, env=environment, stdout=output, stderr=output)
            for _ in range(3)
        ]
        ended = [start.wait(TIMEOUT) for start in starts]
    assert ended == [0, 0, 0], log.read_text()
    engine = create_engine(empty_url)
    assert {*inspect(engine).get_table_names()} >= {*Base.metadata.tables, "alembic_version"}
    engine.dispose()
