"""compose.yaml: what reaches the containers."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import ProductionConfig, load_config
from tests.support.processes import PROJECT

OUR_SERVICES = ["migrate", "web", "worker"]
REQUIRED = {
    "SECRET_KEY": "k" * 48,
    "SITE_URL": "https://blog.example.org",
    "POSTGRES_PASSWORD": "p4ssword",
    "MAIL_SERVER": "mail.example.org",
}
# Inside a container these have one right value; HOST and PORT are nginx's business.
FIXED = {"BACKUP_FOLDER", "FLASKBLOG_ENV", "HOST", "PORT"}
VARIABLE = re.compile(r"\$\{(\w+)(?:(:?)([-?])([^${}]*))?\}")


@pytest.fixture
def services() -> dict[str, Any]:
    parsed: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    return parsed["services"]


def settings_of_the_example() -> set[str]:
    return {*re.findall(r"^#?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)}


def resolved(declared: dict[str, object], given: dict[str, str]) -> dict[str, str]:
    """Return the environment of a container, as Compose makes it from .env.

    https://docs.docker.com/reference/compose-file/interpolation/
    """

    def value_of(match: re.Match[str]) -> str:
        name, colon, operator, other = match.groups()
        value = given.get(name, "")
        if value or (name in given and not colon):
            return value
        assert operator != "?", other
        return other or ""

    environment = {}
    for name, declaration in declared.items():
        text = str(declaration)
        while VARIABLE.search(text):
            text = VARIABLE.sub(value_of, text)
        if declaration is not None:
            environment[name] = text
        elif name in given:
            environment[name] = given[name]
    return environment


@pytest.mark.parametrize("service", OUR_SERVICES)
def test_every_setting_reaches_the_container(services: dict[str, Any], service: str) -> None:
    settings = settings_of_the_example()
    given = REQUIRED | {name: f"the value of {name}" for name in settings}
    environment = resolved(services[service]["environment"], given)
    assert settings <= environment.keys()
    assert {name for name in settings if environment[name] != given[name]} == FIXED


def test_the_required_settings_are_enough(
    services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in settings_of_the_example():
        monkeypatch.delenv(name, raising=False)
    for name, value in resolved(services["web"]["environment"], REQUIRED).items():
        monkeypatch.setenv(name, value)
    config = load_config()
    assert isinstance(config, ProductionConfig)
    assert config.SQLALCHEMY_DATABASE_URI.endswith("//flaskblog:p4ssword@postgres/flaskblog")
    assert (config.REDIS_URL, config.TRUSTED_PROXIES) == ("redis://redis:6379/0", 1)
    assert (config.MAIL_PORT, config.MAIL_USE_TLS) == (587, True)
    assert (config.PORT, config.LOG_FORMAT) == (5000, "json")


@pytest.mark.parametrize("missing", REQUIRED)
def test_a_missing_setting_is_named(services: dict[str, Any], missing: str) -> None:
    given = {name: value for name, value in REQUIRED.items() if name != missing}
    with pytest.raises(AssertionError, match=f"Set {missing} in .env"):
        resolved(services["web"]["environment"], given)


def test_backups_are_written_to_the_folder_of_the_setting(services: dict[str, Any]) -> None:
    for service in OUR_SERVICES:
        folder = services[service]["environment"]["BACKUP_FOLDER"]
        assert f"${{BACKUP_FOLDER:-backups}}:{folder}" in services[service]["volumes"]
        assert services[service]["read_only"] is True


def test_nginx_forwards_to_the_web_service(services: dict[str, Any]) -> None:
    """It runs the shipped file, which test_proxies.py runs; only the address differs."""
    nginx = services["nginx"]
    assert nginx["volumes"] == ["./deploy/nginx.conf:/nginx.conf:ro"]
    port = services["web"]["environment"]["PORT"]
    assert f"sed s/127.0.0.1:5000/web:{port}/ /nginx.conf" in nginx["command"][-1]
    assert "127.0.0.1:5000" in (PROJECT / "deploy/nginx.conf").read_text()


def test_every_file_that_the_image_copies_is_in_its_context() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().splitlines()
    copies = re.findall(r"^COPY (?!--from)(.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.M)
    copied = {name for names in copies for name in names.split()}
    assert {f"!{name}" for name in copied} == {line for line in ignored if line.startswith("!")}
    assert all(Path(PROJECT, name).exists() for name in copied)
