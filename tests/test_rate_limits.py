"""Counting in the database: fixed windows that processes share."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask
from limits import parse
from limits.strategies import FixedWindowRateLimiter

from flaskblog import rate_limits
from flaskblog.extensions import db
from flaskblog.models import User
from flaskblog.rate_limits import (
    SWEEP_ROWS,
    DatabaseStorage,
    account_key,
    client_network,
    rate_limit,
    remove_expired,
)
from tests.conftest import make_app
from tests.factories import PASSWORD

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


def test_many_processes_at_once_lose_and_double_no_count(
    database_url: str, storage: DatabaseStorage
) -> None:
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as processes:
        results = processes.map(count_in_one_process, [database_url] * PROCESSES)
        counted = sorted(count for counts in results for count in counts)
    assert counted == list(range(1, PROCESSES * TIMES + 1))
    assert storage.get("everyone") == PROCESSES * TIMES


def test_a_window_runs_from_its_first_hit_and_refused_hits_do_not_stretch_it(
    storage: DatabaseStorage, clock: Clock
) -> None:
    began = clock.now
    limiter = FixedWindowRateLimiter(storage)
    limit = parse("2 per minute")
    assert [limiter.hit(limit, "writer") for _ in range(3)] == [True, True, False]
    clock.now = began + 59.5
    assert not limiter.hit(limit, "writer")
    assert limiter.get_window_stats(limit, "writer") == (began + 60, 0)
    clock.now = began + 60
    assert limiter.get_window_stats(limit, "writer") == (clock.now, 2)
    assert limiter.hit(limit, "writer")
    assert limiter.get_window_stats(limit, "writer") == (began + 120, 1)


def test_clear_forgets_one_key_and_reset_forgets_all(storage: DatabaseStorage) -> None:
    for key in ("writer", "stranger", "reader"):
        storage.incr(key, 60, 2)
    storage.clear("writer")
    assert [storage.get(key) for key in ("writer", "stranger")] == [0, 2]
    assert storage.reset() == 2
    assert storage.get("stranger") == 0


def test_a_new_window_sweeps_away_those_that_are_over(
    storage: DatabaseStorage, clock: Clock
) -> None:
    storage.incr("over", 60)
    storage.incr("open", 3600)
    clock.now += 61
    storage.incr("new", 60)
    assert keys() == ["new", "open"]


def test_the_sweep_passes_over_a_row_that_another_holds(
    storage: DatabaseStorage, clock: Clock
) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time and no row locks")
    storage.incr("held", 60)
    clock.now += 61
    with db.engine.begin() as other:
        other.execute(sa.select(rate_limit).with_for_update())
        assert remove_expired() == 0
    assert remove_expired() == 1


def test_remove_expired_removes_all_that_is_over_and_nothing_else(
    storage: DatabaseStorage, clock: Clock
) -> None:
    over = [{"key": str(n), "hits": 1, "expires_at": clock.now} for n in range(SWEEP_ROWS + 1)]
    storage.incr("open", 60)
    with db.engine.begin() as connection:
        connection.execute(sa.insert(rate_limit), over)
    assert remove_expired() == SWEEP_ROWS + 1
    assert keys() == ["open"]


def test_a_count_neither_commits_nor_shares_the_fate_of_the_session(
    storage: DatabaseStorage,
) -> None:
    db.session.add(User.register("writer", "writer@example.org", PASSWORD))
    assert storage.incr("writer", 60) == 1
    db.session.rollback()
    assert db.session.scalars(sa.select(User)).all() == []
    assert storage.get("writer") == 1


@pytest.mark.parametrize("name", ["n" * 10_000, "nul\0", "\ud800", "ünïcode"])
def test_a_key_made_of_what_people_type_is_short_and_plain(name: str) -> None:
    key = account_key(name)
    assert len(key) == 64
    assert key.isalnum()
    assert key != account_key("writer")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("not an address", "neither is this", False),
    ],
)
def test_clients_are_told_apart_by_ipv4_address_and_ipv6_network(
    app: Flask, one: str, other: str, same: bool
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": one}):
        first = client_network()
    with app.test_request_context(environ_base={"REMOTE_ADDR": other}):
        assert (client_network() == first) is same
