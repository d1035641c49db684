"""The MAIL_ settings: defaults and errors."""

import pytest
from environs import Env, EnvError

import config


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> config.Config:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return config.TestConfig(Env())


@pytest.mark.parametrize(
    ("kind", "port"), [({}, 25), ({"MAIL_USE_TLS": "true"}, 587), ({"MAIL_USE_SSL": "true"}, 465)]
)
def test_the_default_port_depends_on_the_kind_of_tls(
    monkeypatch: pytest.MonkeyPatch, kind: dict[str, str], port: int
) -> None:
    read = settings(monkeypatch, **kind)
    assert port == read.MAIL_PORT


@pytest.mark.parametrize(
    ("wrong", "values"),
    [
        ("MAIL_USE_SSL", {"MAIL_USE_TLS": "true", "MAIL_USE_SSL": "true"}),
        ("MAIL_PASSWORD", {"MAIL_USERNAME": "blog"}),
        ("MAIL_PORT", {"MAIL_PORT": "0"}),
        ("MAIL_DEFAULT_SENDER", {"MAIL_DEFAULT_SENDER": "nobody"}),
        ("MAIL_DEFAULT_SENDER", {"MAIL_DEFAULT_SENDER": "a@example.org\nBcc: b@example.org"}),
    ],
)
def test_the_error_names_the_invalid_setting(
    monkeypatch: pytest.MonkeyPatch, wrong: str, values: dict[str, str]
) -> None:
    with pytest.raises(EnvError, match=wrong):
        settings(monkeypatch, **values)


@pytest.mark.parametrize(
    ("site", "sender"),
    [
        ({}, "Flaskblog <noreply@localhost>"),
        ({"SITE_URL": "https://blog.example.org"}, "Flaskblog <noreply@blog.example.org>"),
        ({"SITE_NAME": "Words, mostly"}, '"Words, mostly" <noreply@localhost>'),
    ],
)
def test_the_default_sender_is_the_site(
    monkeypatch: pytest.MonkeyPatch, site: dict[str, str], sender: str
) -> None:
    read = settings(monkeypatch, **site)
    assert sender == read.MAIL_DEFAULT_SENDER


def test_links_are_printed_in_development_only() -> None:
    assert config.DevelopmentConfig.SHOW_MAIL_LINKS
    assert not config.ProductionConfig.SHOW_MAIL_LINKS
