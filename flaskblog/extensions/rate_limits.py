"""Rate limits stored in the database: shared by all processes and persistent."""

import hashlib
import ipaddress
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from time import time

import sqlalchemy as sa
from flask import current_app, request
from flask_limiter import RequestLimit
from flask_sqlalchemy import SQLAlchemy
from limits.storage import Storage
from redis import Redis, RedisError
from sqlalchemy.dialects import postgresql, sqlite

from config import REDIS_OPTIONS
from flaskblog.database.base import Base
from flaskblog.text.addresses import parse_address

Insert = postgresql.Insert | sqlite.Insert

INSERTS: dict[str, Callable[[sa.Table], Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
SCHEMES = ["database"]
DELETE_BATCH = 500
UNKNOWN_CLIENT = "unknown"

# ``expires_at`` is in seconds since the epoch, the unit of Flask-Limiter.
rate_limit = sa.Table(
    "rate_limit",
    Base.metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("hits", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False, index=True),
)


class DatabaseStorage(Storage):
    """Fixed windows, selected by ``RATELIMIT_STORAGE_URI = "database://"``.

    Each call runs in a short transaction of its own: a request that is refused or rolled back stays
    counted, and the request's session is not committed. On SQLite a request must be counted before
    it writes, or the two transactions deadlock. Raises ``SQLAlchemyError``.
    """

    STORAGE_SCHEME = SCHEMES

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Increment; a new window also deletes a batch of expired ones."""
        now = time()
        with _engine().begin() as connection:
            hits = int(connection.execute(_increment(key, amount, now, now + expiry)).scalar_one())
            if hits == amount:
                connection.execute(_delete_expired_batch(now))
        return hits

    def get(self, key: str) -> int:
        window = self._current_window(key)
        return window.hits if window else 0

    def get_expiry(self, key: str) -> float:
        window = self._current_window(key)
        return window.expires_at if window else time()

    def check(self) -> bool:
        with _engine().connect() as connection:
            return connection.scalar(sa.select(1)) == 1

    def reset(self) -> int:
        with _engine().begin() as connection:
            return connection.execute(sa.delete(rate_limit)).rowcount

    def clear(self, key: str) -> None:
        with _engine().begin() as connection:
            connection.execute(sa.delete(rate_limit).where(rate_limit.c.key == key))

    def _current_window(self, key: str) -> sa.Row[tuple[str, int, float]] | None:
        is_current = sa.and_(rate_limit.c.key == key, rate_limit.c.expires_at > time())
        with _engine().connect() as connection:
            return connection.execute(sa.select(rate_limit).where(is_current)).one_or_none()


def delete_expired() -> int:
    """Delete all expired windows, a batch per transaction; return their number."""
    total = 0
    while True:
        with _engine().begin() as connection:
            deleted = connection.execute(_delete_expired_batch(time())).rowcount
        total += deleted
        if deleted < DELETE_BATCH:
            return total


def client_network() -> str:
    """Return the network of the client of this request."""
    return network_of(request.remote_addr or "")


def network_of(remote: str) -> str:
    """Return an IPv4 address itself, or the /64 network of an IPv6 address.

    Clients without an address are counted as one: more keys would be more attempts.
    """
    address = parse_address(remote)
    if address is None:
        return UNKNOWN_CLIENT
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def retry_after(limit: RequestLimit) -> int:
    """Return the whole seconds, at least 1, until the window ends."""
    return max(1, ceil(limit.window.reset_time - time()))


def clear(limit: RequestLimit | None) -> None:
    """Forget what a limit has counted; one in a Redis that just became unavailable expires."""
    if limit:
        with suppress(RedisError):
            limit.limiter.clear(limit.limit, *limit.request_args)


def exceeded_headers(limit: RequestLimit) -> dict[str, str]:
    """Return the headers of draft-ietf-httpapi-ratelimit-headers-06 for an exceeded limit."""
    return {
        "RateLimit-Limit": str(limit.limit.amount),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": str(retry_after(limit)),
    }


def redis_state() -> str:
    """Return "not set", "ok" or "unavailable".

    While Redis is unavailable, each process counts in its own memory.
    """
    url = current_app.config["REDIS_URL"]
    if not url:
        return "not set"
    try:
        with Redis.from_url(url, **REDIS_OPTIONS) as redis:
            redis.ping()
    except RedisError:
        return "unavailable"
    return "ok"


def _engine() -> sa.Engine:
    db: SQLAlchemy = current_app.extensions["sqlalchemy"]
    return db.engine


def _increment(key: str, amount: int, now: float, expires_at: float) -> sa.Executable:
    insert = INSERTS[_engine().dialect.name](rate_limit)
    is_expired = rate_limit.c.expires_at <= now
    new, old = insert.excluded, rate_limit.c
    return (
        insert.values(key=key, hits=amount, expires_at=expires_at)
        .on_conflict_do_update(
            index_elements=[old.key],
            set_={
                "hits": sa.case((is_expired, new.hits), else_=old.hits + new.hits),
                "expires_at": sa.case((is_expired, new.expires_at), else_=old.expires_at),
            },
        )
        .returning(old.hits)
    )


def _delete_expired_batch(now: float) -> sa.Delete:
    """Skips rows locked by another transaction, so that two deletions never wait for each other."""
    expired = sa.select(rate_limit.c.key).where(rate_limit.c.expires_at <= now).limit(DELETE_BATCH)
    return sa.delete(rate_limit).where(
        rate_limit.c.key.in_(expired.with_for_update(skip_locked=True))
    )
