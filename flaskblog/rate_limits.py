"""Rate limits in the site's own database: one count for all workers, kept over a restart."""

import hashlib
import ipaddress
from collections.abc import Callable
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
from flaskblog import rules
from flaskblog.database import Base

Insert = postgresql.Insert | sqlite.Insert

INSERTS: dict[str, Callable[[sa.Table], Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
SCHEMES = ["database"]
SWEEP_ROWS = 500

# ``expires_at`` is in seconds since the epoch, as Flask-Limiter asks for it.
rate_limit = sa.Table(
    "rate_limit",
    Base.metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("hits", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.Double, nullable=False, index=True),
)


class DatabaseStorage(Storage):
    """Counts of fixed windows, chosen by ``RATELIMIT_STORAGE_URI = "database://"``.

    Each call has a short transaction of its own on the current app's engine: a request that is
    refused or rolled back stays counted, and a count commits nothing that a request has pending.
    On SQLite a request must be counted before it writes, or the two wait for each other. What the
    database raises (``sqlalchemy.exc.OperationalError`` when it is down) is passed on.
    """

    STORAGE_SCHEME = SCHEMES

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; when a window begins, remove some that are over in the same commit."""
        now = time()
        with _engine().begin() as connection:
            hits = int(connection.execute(_count(key, amount, now, now + expiry)).scalar_one())
            if hits == amount:
                connection.execute(_sweep(now))
        return hits

    def get(self, key: str) -> int:
        window = self._open_window(key)
        return window.hits if window else 0

    def get_expiry(self, key: str) -> float:
        window = self._open_window(key)
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

    def _open_window(self, key: str) -> sa.Row[tuple[str, int, float]] | None:
        is_open = sa.and_(rate_limit.c.key == key, rate_limit.c.expires_at > time())
        with _engine().connect() as connection:
            return connection.execute(sa.select(rate_limit).where(is_open)).one_or_none()


def remove_expired() -> int:
    """Remove every window that is over, some rows to a commit; return how many there were."""
    removed = 0
    while True:
        with _engine().begin() as connection:
            swept = connection.execute(_sweep(time())).rowcount
        removed += swept
        if swept < SWEEP_ROWS:
            return removed


def client_network() -> str:
    """Name who is asking: an IPv4 address, or the /64 of one IPv6 subscriber."""
    remote = request.remote_addr or ""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return _digest(remote)
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))


def named_account() -> str:
    """Name the account that the form's field ``email`` asks for; without one, who is asking."""
    typed = request.form.get("email", "")
    return account_key(typed) if typed.strip() else client_network()


def account_key(name: str) -> str:
    """Fold a typed name or address as log-in does, then hash it: 64 characters, whatever came."""
    return _digest(rules.email_key(name) or name.strip().lower())


def retry_after(limit: RequestLimit) -> int:
    """Whole seconds, at least 1, until a window that is used up gives way to a new one."""
    return max(1, ceil(limit.window.reset_time - time()))


def counted(limit: RequestLimit) -> dict[str, str]:
    """The RateLimit headers of draft-ietf-httpapi-ratelimit-headers-06, for a limit used up."""
    return {
        "RateLimit-Limit": str(limit.limit.amount),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": str(retry_after(limit)),
    }


def redis_state() -> str:
    """For who asks whether the site is well: "not set", "ok" or "away".

    Away, limits are counted in the memory of each process until it is back.
    """
    url = current_app.config["REDIS_URL"]
    if not url:
        return "not set"
    try:
        with Redis.from_url(url, **REDIS_OPTIONS) as redis:
            redis.ping()
    except RedisError:
        return "away"
    return "ok"


def _engine() -> sa.Engine:
    db: SQLAlchemy = current_app.extensions["sqlalchemy"]
    return db.engine


def _count(key: str, amount: int, now: float, expires_at: float) -> sa.Executable:
    insert = INSERTS[_engine().dialect.name](rate_limit)
    is_over = rate_limit.c.expires_at <= now
    fresh, counted = insert.excluded, rate_limit.c
    return (
        insert.values(key=key, hits=amount, expires_at=expires_at)
        .on_conflict_do_update(
            index_elements=[counted.key],
            set_={
                "hits": sa.case((is_over, fresh.hits), else_=counted.hits + fresh.hits),
                "expires_at": sa.case((is_over, fresh.expires_at), else_=counted.expires_at),
            },
        )
        .returning(counted.hits)
    )


def _sweep(now: float) -> sa.Delete:
    """Skips the rows that another transaction holds: two sweeps never wait for each other."""
    over = sa.select(rate_limit.c.key).where(rate_limit.c.expires_at <= now).limit(SWEEP_ROWS)
    return sa.delete(rate_limit).where(rate_limit.c.key.in_(over.with_for_update(skip_locked=True)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
