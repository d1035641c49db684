"""The command `secret rotate`."""

import re
import stat
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from flask import Flask

import config
from config import load_config
from flaskblog.models import User
from tests.conftest import create_test_app
from tests.support.client import browser
from tests.support.commands import run_command

KEY = "k3y" * 12


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "INSTANCE", tmp_path / "instance")
    for name in ("FLASKBLOG_ENV", "SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def site(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A site that is started now."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return create_test_app(load_config())


def test_a_new_key_is_made_and_the_old_one_is_accepted(
    database_url: str, monkeypatch: pytest.MonkeyPatch, author: User, root: Path
) -> None:
    before = site(database_url, monkeypatch)
    reader = browser(before)
    reader.start_session(author)
    cookie = reader.get_cookie("session")
    assert cookie is not None
    result = run_command(before, "secret", "rotate")
    assert result.exit_code == 0
    assert "Restart" in result.output
    assert before.config["SECRET_KEY"] not in result.output
    after = site(database_url, monkeypatch)
    assert after.config["SECRET_KEY"] != before.config["SECRET_KEY"]
    assert after.config["SECRET_KEY_FALLBACKS"] == [before.config["SECRET_KEY"]]
    again = browser(after)
    again.set_cookie("session", cookie.value)
    assert again.get("/account").status_code == 200
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root / "instance").iterdir()} == {0o600}


def test_the_old_keys_expire_after_30_days(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = []
    for _ in range(2):
        app = site(database_url, monkeypatch)
        keys.append(app.config["SECRET_KEY"])
        assert run_command(app, "secret", "rotate").exit_code == 0
    assert keys[::-1] == load_config().SECRET_KEY_FALLBACKS

    class Later(datetime):
        @classmethod
        def now(cls, _zone: tzinfo | None = None) -> "Later":
            return cls.fromtimestamp((datetime.now(UTC) + timedelta(days=30)).timestamp(), UTC)

    monkeypatch.setattr(config, "datetime", Later)
    assert load_config().SECRET_KEY_FALLBACKS == []


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_key_of_the_settings_is_not_changed(
    database_url: str, monkeypatch: pytest.MonkeyPatch, root: Path, place: str
) -> None:
    if place == "environment":
        monkeypatch.setenv("SECRET_KEY", KEY)
    else:
        (root / ".env").write_text(f"SECRET_KEY={KEY}\n")
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "older")
    result = run_command(site(database_url, monkeypatch), "secret", "rotate")
    new, previous = result.stdout.splitlines()
    assert re.fullmatch(r"SECRET_KEY=\S{64}", new)
    assert previous == f"SECRET_KEY_FALLBACKS={KEY},older"
    assert load_config().SECRET_KEY == KEY
    assert not (root / "instance").exists()


def test_previous_generated_keys_are_not_accepted_beside_a_given_key(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_command(site(database_url, monkeypatch), "secret", "rotate")
    assert len(load_config().SECRET_KEY_FALLBACKS) == 1
    monkeypatch.setenv("SECRET_KEY", KEY)
    assert load_config().SECRET_KEY_FALLBACKS == []
