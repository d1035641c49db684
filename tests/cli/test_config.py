"""The command `config check`."""

import subprocess
from pathlib import Path

import pytest

import config
from config import load_config
from tests.conftest import create_test_app
from tests.support.commands import run_command
from tests.support.processes import PROJECT, TIMEOUT, environment

SECRETS = {
    "SECRET_KEY": "hush-key" * 5,
    "SECRET_KEY_FALLBACKS": "hush-previous" * 4,
    "METRICS_TOKEN": "hush-token-of-monitoring",
    "MAIL_USERNAME": "me",
    "MAIL_PASSWORD": "hush-mail",
    "REDIS_URL": "redis://:hush-redis@127.0.0.1:1/0",
}


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "INSTANCE", tmp_path / "instance")
    for name in config.NAMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def check(monkeypatch: pytest.MonkeyPatch, **settings: str) -> list[str]:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    result = run_command(create_test_app(load_config()), "config", "check")
    assert result.exit_code == 0
    return result.stdout.splitlines()


def test_each_setting_is_printed_with_its_source(
    database_url: str, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    (root / ".env").write_text("PORT=8080\nTHREADS=3\nWORKERS=4\n")
    lines = check(monkeypatch, DATABASE_URL=database_url, THREADS="5", WORKERS="4")
    assert tuple(line.partition("=")[0] for line in lines[:-1]) == config.NAMES
    assert {
        "FLASKBLOG_ENV=development  (default)",
        "SITE_URL=http://127.0.0.1:8080  (default)",
        "PORT=8080  (.env)",
        "THREADS=5  (environment)",
        "WORKERS=4  (.env)",
        "CORS_ORIGINS=*  (default)",
        "RATELIMIT_ENABLED=true  (default)",
        "REDIS_URL=  (default)",
        "MAIL_PASSWORD=  (default)",
        "SECRET_KEY=(secret)  (instance/secret_key)",
    } <= set(lines)
    assert lines[-1] == "All settings are valid."


def test_no_secret_is_printed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = check(monkeypatch, DATABASE_URL=database_url, **SECRETS)
    assert "hush" not in "".join(lines)
    assert "SECRET_KEY=(secret)  (environment)" in lines
    assert "REDIS_URL=redis://:***@127.0.0.1:1/0  (environment)" in lines
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush@db/blog?password=hush")
    printed = {setting.name: setting.value for setting in load_config().SETTINGS}
    assert printed["DATABASE_URL"] == "postgresql://me:***@db/blog?…"


def test_misspelt_names_are_printed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = check(monkeypatch, DATABASE_URL=database_url, SITEURL="x")
    assert "Warning: SITEURL is not a setting: did you mean SITE_URL?" in lines


@pytest.mark.server
def test_an_invalid_setting_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    settings = {"FLASKBLOG_ENV": "test", "DATABASE_URL": f"sqlite:///{tmp_path}/own.db"}
    ran = subprocess.run(
        ["flask", "--app", "run", "config", "check"],
        cwd=PROJECT,
        env=environment() | settings | {"PORT": "none"},
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
        text=True,
    )
    assert ran.returncode == 1
    assert "PORT" in ran.stderr
    assert (ran.stdout + ran.stderr).count("\n") == 1
