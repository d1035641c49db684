"""The client's address behind trusted proxies."""

import pytest
from flask import Flask

from flaskblog.extensions import db, limiter
from flaskblog.models import Session, User
from tests.conftest import make_app
from tests.support.client import Client, browser
from tests.support.factories import PASSWORD
from tests.web.test_limits import log_in


@pytest.fixture
def proxied(database_url: str) -> Flask:
    app = make_app(database_url, TRUSTED_PROXIES="1")
    limiter.enabled = True
    return app


def attempts(client: Client, form: str) -> list[int]:
    """Log in as 21 unknown people, each from an address of this form."""
    return [
        log_in(client, f"nobody{number}", **{"X-Forwarded-For": form.format(4711 + number)})
        for number in range(21)
    ]


@pytest.mark.parametrize(
    "form", ["192.0.2.1:{}", "[2001:db8::1]:{}", "2001:db8::{}", "_hidden{}", "192.0.2.1:x{}"]
)
def test_ports_and_unreadable_addresses_get_no_count_of_their_own(
    proxied: Flask, form: str
) -> None:
    assert attempts(browser(proxied), form) == [200] * 20 + [429]


def test_clients_behind_a_proxy_are_counted_apart(proxied: Flask) -> None:
    assert attempts(browser(proxied), "2001:db8:0:{}::1") == [200] * 21


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("203.0.113.9, 192.0.2.1:4711", "192.0.2.1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("unknown", "127.0.0.1"),
    ],
)
def test_a_session_shows_the_address_without_the_port(
    proxied: Flask, author: User, header: str, address: str
) -> None:
    client = browser(proxied)
    assert log_in(client, author.username, PASSWORD, **{"X-Forwarded-For": header}) == 302
    assert db.session.scalars(db.select(Session.address)).all() == [address]
