"""Rate limit counters in the database, shared by processes."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from flaskblog.extensions import db, rate_limits
from flaskblog.extensions.rate_limits import (
    DELETE_BATCH,
    DatabaseStorage,
    client_network,
    delete_expired,
    rate_limit,
)
from flaskblog.models import User
from tests.conftest import make_app

PROCESSES = 2
TIMES = 40


class Clock:
    now = 1_800_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rate_limits, "time", clock)
    return clock


@pytest.fixture
def storage() -> DatabaseStorage:
    return DatabaseStorage()


def keys() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(rate_limit.c.key).order_by(rate_limit.c.key)))


def count_in_one_process(url: str) -> list[int]:
    app = make_app(url)

    def count(_: int) -> int:
        with app.app_context():
            return DatabaseStorage().incr("everyone", 3600)

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(count, range(TIMES)))


@pytest.mark.server
def test_counts_of_several_processes_are_neither_lost_nor_doubled(
    database_url: str, storage: DatabaseStorage
) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as processes:
        results = processes.map(count_in_one_process, [database_url] * PROCESSES)
        counted = sorted(count for counts in results for count in counts)
    assert counted == list(range(1, PROCESSES * TIMES + 1))
    assert storage.get("everyone") == PROCESSES * TIMES


def test_a_window_begins_with_its_first_hit_and_refused_hits_do_not_extend_it(
    storage: DatabaseStorage, clock: Clock
) -> None:
    began = clock.now
    limiter = FixedWindowRateLimiter(storage)
    limit = parse("2 per minute")
    assert [limiter.hit(limit, "author") for _ in range(3)] == [True, True, False]
    clock.now = began + 59.5
    assert not limiter.hit(limit, "author")
    assert limiter.get_window_stats(limit, "author") == (began + 60, 0)
    clock.now = began + 60
    assert limiter.get_window_stats(limit, "author") == (clock.now, 2)
    assert limiter.hit(limit, "author")
    assert limiter.get_window_stats(limit, "author") == (began + 120, 1)


def test_clear_deletes_one_key_and_reset_deletes_all(storage: DatabaseStorage) -> None:
    for key in ("author", "stranger", "reader"):
        storage.incr(key, 60, 2)
    storage.clear("author")
    assert [storage.get(key) for key in ("author", "stranger")] == [0, 2]
    assert storage.reset() == 2
    assert storage.get("stranger") == 0


def test_a_new_window_deletes_expired_ones(storage: DatabaseStorage, clock: Clock) -> None:
    storage.incr("expired", 60)
    storage.incr("current", 3600)
    clock.now += 61
    storage.incr("new", 60)
    assert keys() == ["current", "new"]


def test_the_deletion_skips_locked_rows(storage: DatabaseStorage, clock: Clock) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time and no row locks")
    storage.incr("held", 60)
    clock.now += 61
    with db.engine.begin() as other:
        other.execute(sa.select(rate_limit).with_for_update())
        assert delete_expired() == 0
    assert delete_expired() == 1


def test_delete_expired_deletes_exactly_the_expired_windows(
    storage: DatabaseStorage, clock: Clock
) -> None:
    over = [{"key": str(n), "hits": 1, "expires_at": clock.now} for n in range(DELETE_BATCH + 1)]
    storage.incr("current", 60)
    with db.engine.begin() as connection:
        connection.execute(sa.insert(rate_limit), over)
    assert delete_expired() == DELETE_BATCH + 1
    assert keys() == ["current"]


def test_a_count_is_independent_of_the_session(
    storage: DatabaseStorage,
) -> None:
    db.session.add(
        User(
            username="author",
            username_key="author",
            email="author@example.org",
            email_key="author@example.org",
            password_hash="",
        )
    )
    assert storage.incr("author", 60) == 1
    db.session.rollback()
    assert db.session.scalars(sa.select(User)).all() == []
    assert storage.get("author") == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.1:4711", "192.0.2.1:4712", True),
        ("192.0.2.1:4711", "192.0.2.1", True),
        ("[2001:db8::1]:4711", "2001:db8::2", True),
        ("[2001:db8::1]", "[2001:db8:0:1::1]", False),
        ("not an address", "neither is this", True),
        ("", "192.0.2.1:x", True),
    ],
)
def test_clients_are_identified_by_ipv4_address_or_ipv6_network(
    app: Flask, one: str, other: str, same: bool
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": one}):
        first = client_network()
    with app.test_request_context(environ_base={"REMOTE_ADDR": other}):
        assert (client_network() == first) is same
