"""The settings."""

import re
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from environs import Env
from sqlalchemy.engine import make_url

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


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A root directory without settings and instance folder."""
    for name in config.NAMES:
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
        *(("SITE_DESCRIPTION", value) for value in ("", " ", "x" * 201, "two\nlines")),
        *(("SITE_URL", value) for value in (
            "blog.example.org", "ftp://blog.example.org", "https://", "https://blog.example.org/blog",
            "https://[::1", "https://blog.example.org:port", "https://user@blog.example.org",
            "https://blog.example.org?a=b", "https://a b", "javascript:alert(1)", "",
            "https://a..b", "https://a.b:99999", "https://a.b:0", "https://-a.b", "http://[::g]",
        )),
        *(("DATABASE_URL", value) for value in (
            "mysql://localhost/blog", "flaskblog.db", "://", "", "oracle:x", "postgresql",
            "sqlite://blog.db", "postgresql+psycopg2://db/blog", "postgresql://db:99999/blog",
        )),
        *(("REDIS_URL", value) for value in (
            "redis", "http://redis", "redis://redis:port", "redis://redis:99999", "redis://[::1",
            "redis://redis/first", "redis://a b",
        )),
        *(("MAIL_SERVER", value) for value in ("smtp://mail", "mail:25", "mail..org", "a b")),
        *(("CORS_ORIGINS", value) for value in ("https://a..b", "https://a.b:99999")),
        *(("SECRET_KEY_FALLBACKS", value) for value in (",", "x,", ",x", "x,,y", " ")),
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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:hu@sh@db/blog",
        "postgresql://me:hu@sh:more@db:5432/blog",
        "postgresql://me:hu@1/sh@db/blog",
    ],
)
def test_an_at_sign_in_a_password_is_reported_without_a_part_of_it(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(SystemExit, match=r"DATABASE_URL.* write @ as %40") as stopped:
        load(monkeypatch, DATABASE_URL=url)
    assert not any(part in str(stopped.value.code) for part in ("hu@", "sh@", "hush", "more"))


def test_a_password_with_a_colon_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    url = load(monkeypatch, DATABASE_URL="postgresql://me:hu:sh@db/blog").SQLALCHEMY_DATABASE_URI
    assert make_url(url).password == "hu:sh"


def test_a_password_in_a_malformed_redis_url_is_not_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for url in ("redis://:hush@redis:port", "redis://:hu#sh@redis", "redis://hush"):
        with pytest.raises(SystemExit, match="REDIS_URL") as stopped:
            load(monkeypatch, REDIS_URL=f"{url}/x")
        assert "hush" not in str(stopped.value.code)


@pytest.mark.parametrize("fallbacks", ["short", f"{KEY},", f"{KEY},short", f",{KEY}", " " * 40])
def test_production_requires_previous_keys_to_be_long(
    monkeypatch: pytest.MonkeyPatch, fallbacks: str
) -> None:
    with pytest.raises(SystemExit, match="SECRET_KEY_FALLBACKS") as stopped:
        load(monkeypatch, **PRODUCTION, SECRET_KEY_FALLBACKS=fallbacks)
    assert KEY not in str(stopped.value.code)


def test_previous_keys_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    other = KEY[::-1]
    settings = load(monkeypatch, **PRODUCTION, SECRET_KEY_FALLBACKS=f"{KEY},{other}")
    assert [KEY, other] == settings.SECRET_KEY_FALLBACKS
    assert load(monkeypatch, SECRET_KEY_FALLBACKS="").SECRET_KEY_FALLBACKS == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SITEURL", "SITE_URL"), ("SITE_URl", "SITE_URL"), ("DATABSE_URL", "DATABASE_URL"),
        ("site_url", "SITE_URL"), ("MAIL_PASWORD", "MAIL_PASSWORD"), ("SECRET-KEY", "SECRET_KEY"),
        ("CORS_ORIGIN", "CORS_ORIGINS"), ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
    ],
)  # fmt: skip
def test_a_misspelt_name_is_reported_with_the_right_one(
    monkeypatch: pytest.MonkeyPatch, root: Path, name: str, meant: str
) -> None:
    (root / ".env").write_text(f"{name}=x\n")
    assert [f"{name} is not a setting: did you mean {meant}?"] == load(monkeypatch).CONFIG_WARNINGS
    (root / ".env").unlink()
    monkeypatch.setenv(name, "x")
    assert [f"{name} is not a setting: did you mean {meant}?"] == load(monkeypatch).CONFIG_WARNINGS


def test_names_of_other_programs_are_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HOSTNAME", "LOGNAME", "MAIL", "MAILCHECK", "MAIL_HOST", "PORTS", "host", "LOG_FILE",
        "POSTGRES_PASSWORD", "POSTGRES_URL", "REDIS_PORT", "REDIS_HOST", "PUBLISHED_PORT",
        "FLASK_APP", "FLASK_ENV", "WEB_CONCURRENCY", "OMP_NUM_THREADS", "SECRET_KEY_BASE",
        "SERVER_NAME", "MEDIA_ROOT", "WORKER", "SITE_PACKAGES", "HTTP_PROXY",
    ):  # fmt: skip
        monkeypatch.setenv(name, "x")
    assert load(monkeypatch).CONFIG_WARNINGS == []


def test_a_name_close_to_a_setting_that_is_set_is_not_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(monkeypatch, DATABASE_URI="x", DATABASE_URL="sqlite:////blog.db")
    assert settings.CONFIG_WARNINGS == []


def test_an_error_for_a_missing_setting_names_the_misspelt_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {**PRODUCTION, "SITEURL": PRODUCTION["SITE_URL"]}
    del settings["SITE_URL"]
    with pytest.raises(SystemExit, match="SITEURL is not a setting: did you mean SITE_URL") as stop:
        load(monkeypatch, **settings)
    assert "\n" not in str(stop.value.code)


def test_warnings_are_logged_at_the_start(
    monkeypatch: pytest.MonkeyPatch, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(config.TestConfig, "CONFIG_WARNINGS", ["SITEURL is not a setting"])
    make_app(database_url)
    assert "SITEURL is not a setting" in caplog.messages


def test_the_known_names_are_those_of_the_example(project: Path) -> None:
    lines = (project / ".env.example").read_text()
    assert tuple(re.findall(r"^#([A-Z_]+)=", lines, re.M)) == config.NAMES


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
