"""The settings."""

import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from environs import Env

import config
from config import Config, DevelopmentConfig, ProductionConfig, load_config
from tests.conftest import make_app
from tests.support.client import browser

KEY = "k3y" * 12
PRODUCTION = {
    "FLASKBLOG_ENV": "production",
    "SECRET_KEY": KEY,
    "SITE_URL": "https://blog.example.org",
}
NAMES = [
    "FLASKBLOG_ENV", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "SITE_NAME", "SITE_URL",
    "POSTS_PER_PAGE", "TRUSTED_PROXIES", "HOST", "PORT", "WORKERS", "THREADS", "LOG_LEVEL",
]  # fmt: skip


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A root directory without settings and instance folder."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setattr(config, "INSTANCE", tmp_path / "instance")
    return tmp_path


def load(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Config:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return load_config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("FLASKBLOG_ENV", value) for value in ("prod", "", "Production")),
        *(("PORT", value) for value in ("abc", "0", "-1", "65536", "", "80.5")),
        *(("WORKERS", value) for value in ("0", "two")),
        *(("THREADS", value) for value in ("0", "1000")),
        *(("TRUSTED_PROXIES", value) for value in ("-1", "yes")),
        *(("POSTS_PER_PAGE", value) for value in ("0", "101", "five")),
        *(("LOG_LEVEL", value) for value in ("LOUD", "")),
        *(("SITE_NAME", value) for value in ("", "x" * 41)),
        *(("SITE_URL", value) for value in (
            "blog.example.org", "ftp://blog.example.org", "https://", "https://blog.example.org/blog",
            "https://[::1", "https://blog.example.org:port", "https://user@blog.example.org",
            "https://blog.example.org?a=b", "https://a b", "javascript:alert(1)", "",
        )),
        *(("DATABASE_URL", value) for value in (
            "mysql://localhost/blog", "flaskblog.db", "://", "", "oracle:x", "postgresql",
        )),
    ],
)  # fmt: skip
def test_an_invalid_value_stops_the_start_with_a_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        load(monkeypatch, **{name: value})
    message = str(stopped.value.code)
    assert name in message
    assert "\n" not in message


@pytest.mark.parametrize("missing", ["SECRET_KEY", "SITE_URL"])
@pytest.mark.parametrize("value", [None, "", "weak"])
def test_production_requires_a_long_key_and_a_site_url(
    monkeypatch: pytest.MonkeyPatch, missing: str, value: str | None
) -> None:
    settings = PRODUCTION | {missing: value or ""}
    if value is None:
        del settings[missing]
    with pytest.raises(SystemExit, match=missing):
        load(monkeypatch, **settings)


def test_a_rejected_key_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as stopped:
        load(monkeypatch, **PRODUCTION | {"SECRET_KEY": "hush"})
    assert "hush" not in str(stopped.value.code)


def test_production_uses_the_given_settings(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    settings = load(monkeypatch, **PRODUCTION)
    assert isinstance(settings, ProductionConfig)
    assert (settings.SECRET_KEY, settings.SITE_URL) == (KEY, "https://blog.example.org")
    assert settings.DEBUG is settings.TESTING is False
    assert not (root / "instance").exists()


def test_development_needs_no_settings(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    settings = load(monkeypatch)
    assert isinstance(settings, DevelopmentConfig)
    assert settings.SITE_URL == "http://127.0.0.1:5000"
    assert f"sqlite:///{root / 'instance' / 'flaskblog.db'}" == settings.SQLALCHEMY_DATABASE_URI
    assert settings.POSTS_PER_PAGE == 5
    assert not settings.SESSION_COOKIE_SECURE


def test_a_key_is_generated_once_and_readable_by_its_owner_only(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    first, second = load(monkeypatch), load(monkeypatch)
    assert first.SECRET_KEY == second.SECRET_KEY
    assert len(first.SECRET_KEY) >= config.MIN_SECRET_KEY_LENGTH
    key_file = root / "instance" / "secret_key"
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    key_file.unlink()
    assert load(monkeypatch).SECRET_KEY != first.SECRET_KEY


def test_two_processes_that_start_simultaneously_share_a_key(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    both_generate = Barrier(2, timeout=10)
    generate = secrets.token_urlsafe

    def generate_together(size: int) -> str:
        both_generate.wait()
        return generate(size)

    monkeypatch.setattr(secrets, "token_urlsafe", generate_together)
    with ThreadPoolExecutor(2) as pool:
        one, other = (loading.result() for loading in [pool.submit(load_config) for _ in range(2)])
    assert one.SECRET_KEY == other.SECRET_KEY
    assert [path.name for path in (root / "instance").iterdir()] == ["secret_key"]


def test_the_environment_overrides_the_file(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    (root / ".env").write_text("SITE_NAME=From the file\nPOSTS_PER_PAGE=7\n")
    monkeypatch.setenv("SITE_NAME", "From the environment")
    # Set and deleted, so that monkeypatch removes what the file sets.
    monkeypatch.setenv("POSTS_PER_PAGE", "")
    monkeypatch.delenv("POSTS_PER_PAGE")
    settings = load(monkeypatch)
    assert (settings.SITE_NAME, settings.POSTS_PER_PAGE) == ("From the environment", 7)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_postgresql_scheme_selects_psycopg(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    settings = load(monkeypatch, DATABASE_URL=f"{scheme}://me:p%40ss@db:5432/blog?sslmode=require")
    url = "postgresql+psycopg://me:p%40ss@db:5432/blog?sslmode=require"
    assert url == settings.SQLALCHEMY_DATABASE_URI
    assert settings.SQLALCHEMY_ENGINE_OPTIONS["pool_pre_ping"]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://127.0.0.1:8080"),
        ("::1", "http://[::1]:8080"),
    ],
)
def test_the_default_site_url_is_that_of_the_server(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    assert url == load(monkeypatch, HOST=host, PORT="8080").SITE_URL


def test_a_site_on_ipv6_accepts_its_own_host(database_url: str) -> None:
    client = browser(make_app(database_url, HOST="::1"))
    assert client.get("/about", headers={"Host": "[::1]:5000"}).status_code == 200


def test_the_cheap_secrets_of_tests_are_not_those_of_other_environments(root: Path) -> None:
    assert config.TestConfig(Env()).SECRET_KEY != DevelopmentConfig(Env()).SECRET_KEY
    assert Config.BCRYPT_LOG_ROUNDS >= 12
    assert Config.BCRYPT_HANDLE_LONG_PASSWORDS
    assert (root / "instance").exists()
