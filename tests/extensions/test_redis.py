"""Rate limits in Redis, and without it while it is unavailable."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis as Client

from flaskblog.extensions.rate_limits import redis_state
from tests.support.databases import Redis
from tests.support.http_client import HttpClient
from tests.support.processes import TIMEOUT, free_port, started

pytestmark = pytest.mark.server

WRONG = "not the password"


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    redis = Redis(tmp_path)
    redis.start()
    yield redis
    redis.kill()


def test_limits_are_counted_in_redis_in_memory_while_it_is_unavailable_and_in_redis_again(
    redis: Redis, tmp_path: Path
) -> None:
    settings = {
        "FLASKBLOG_ENV": "test",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'site.db'}",
        "REDIS_URL": redis.url,
        "PORT": str(free_port()),
        "WORKERS": "1",
    }
    command = [sys.executable, "-m", "flask", "--app", "run", "start"]
    with started(command, tmp_path / "log", settings) as live:
        visitor = HttpClient(live.address())

        def tries(name: str) -> list[int]:
            return [visitor.log_in(name, WRONG)[0] for _ in range(6)]

        assert tries("first") == [200] * 5 + [429]
        with Client.from_url(redis.url) as client:
            counted = len(client.keys())
            assert counted > 0

        redis.kill()
        assert tries("second") == [200] * 5 + [429]
        assert "falling back to in-memory storage" in live.output
        assert "Traceback" not in live.output

        redis.start()
        deadline = time.monotonic() + TIMEOUT
        number = 0
        while "storage recovered" not in live.output and time.monotonic() < deadline:
            number += 1
            assert visitor.log_in(f"other{number}", WRONG)[0] in {200, 429}
            time.sleep(0.2)
        with Client.from_url(redis.url) as client:
            assert client.keys()


def test_redis_state_reports_whether_redis_answers(
    app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert redis_state() == "not set"
    monkeypatch.setitem(app.config, "REDIS_URL", redis.url)
    assert redis_state() == "ok"
    redis.kill()
    assert redis_state() == "unavailable"
