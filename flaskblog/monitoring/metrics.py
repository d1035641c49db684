"""Metrics for Prometheus: counted in each process of the server, summed when they are read.

https://prometheus.github.io/client_python/multiprocess/
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from hmac import compare_digest
from ipaddress import ip_address
from time import perf_counter

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from config import VERSION
from flaskblog.backup import backups
from flaskblog.database.base import now
from flaskblog.extensions import db, queue
from flaskblog.extensions.task_queue import QUEUE_ERRORS
from flaskblog.monitoring import health, heartbeat, memory
from flaskblog.monitoring.disk import sqlite_file
from flaskblog.monitoring.health import State
from flaskblog.monitoring.recent_events import restarts, server_errors

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
STATES = {State.OK: 0, State.WARNING: 1, State.FAILING: 2}
# Set by proxies: one on this machine connects from loopback on behalf of any client.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


class Metrics:
    """The counters of one application."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        if folder:
            # The library reads the environment when it is imported, before the folder exists.
            values.ValueClass = values.MultiProcessValue()
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "flaskblog_requests",
            "Requests answered.",
            ["endpoint", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "flaskblog_request_seconds",
            "Duration of requests that were not answered from the page cache.",
            ["endpoint"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.failed_log_ins = Counter(
            "flaskblog_failed_log_ins",
            "Log-ins refused for a wrong password or an unknown account.",
            registry=self.registry,
        )
        # To find a counter by its labels takes an eighth of a cached page; there are few of them.
        self._counter = cache(self.requests.labels)

    def count(self, endpoint: str, status: int) -> None:
        self._counter(endpoint, status).inc()

    def exposition(self) -> bytes:
        registry = self.registry
        if self.folder:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self.folder)
        gauges = CollectorRegistry()
        gauges.register(_GaugeCollector())
        return generate_latest(registry) + generate_latest(gauges)


def init_app(app: Flask) -> None:
    start_counting(app, app.config["METRICS_FOLDER"])
    app.after_request(_count_request)


def start_counting(app: Flask, folder: str) -> None:
    """Start at zero, in files that processes share; in memory if `folder` is empty."""
    app.extensions["metrics"] = Metrics(folder)


def count_cached_page(app: Flask, endpoint: str) -> None:
    """Count a request that was answered from the page cache, outside of any context."""
    metrics: Metrics = app.extensions["metrics"]
    metrics.count(endpoint, 200)


def count_failed_log_in() -> None:
    _metrics().failed_log_ins.inc()


def exposition() -> bytes:
    """Return all metrics in the text format of Prometheus."""
    return _metrics().exposition()


def may_read() -> bool:
    """Whether the request brings METRICS_TOKEN, or comes from this machine and from no proxy."""
    token = current_app.config["METRICS_TOKEN"]
    given = request.headers.get("Authorization", "")
    if token and compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    if any(name in request.headers for name in FORWARDED):
        return False
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    try:
        return ip_address(before_proxies.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


class _GaugeCollector(Collector):
    """Gauges read at the time of the request; those that cannot be read are left out."""

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "flaskblog_check_state", "0 ok, 1 warning, 2 failing.", labels=["check"]
        )
        findings = health.run_checks(health.CHECKS)
        for name, finding in findings.items():
            state.add_metric([name], STATES[finding.state])
        yield state
        if findings["database"] == health.DATABASE_DOWN:
            return  # each gauge would wait for its timeout
        for name, (description, read) in GAUGES.items():
            with suppress(OSError, SQLAlchemyError, *QUEUE_ERRORS):
                value = read()
                if value is not None:
                    yield GaugeMetricFamily(f"flaskblog_{name}", description, value=value)
        for name, (description, label, read_all) in LABELLED_GAUGES.items():
            with suppress(SQLAlchemyError, *QUEUE_ERRORS):
                gauge = GaugeMetricFamily(f"flaskblog_{name}", description, labels=[label])
                for labelled, value in read_all().items():
                    gauge.add_metric([labelled], value)
                yield gauge


def _metrics() -> Metrics:
    metrics: Metrics = current_app.extensions["metrics"]
    return metrics


def _count_request(response: Response) -> Response:
    endpoint, metrics = request.endpoint or "none", _metrics()
    metrics.count(endpoint, response.status_code)
    metrics.seconds.labels(endpoint).observe(perf_counter() - g.started_at)
    if response.status_code == 500:
        _record_error(endpoint)
    return response


def _record_error(endpoint: str) -> None:
    """For an alert by the worker, which cannot read the counters of the web server."""
    try:
        server_errors.record(endpoint)
    except QUEUE_ERRORS:
        current_app.logger.warning("the error could not be recorded", exc_info=True)


def _build_info() -> dict[str, float]:
    return {VERSION: 1}


def _database_size() -> float:
    if file := sqlite_file():
        files = [file, file.with_name(f"{file.name}-wal")]
        return sum(path.stat().st_size for path in files if path.exists())
    with db.engine.connect() as connection:
        size = func.pg_database_size(func.current_database())
        return float(connection.execute(select(size)).scalar_one())


def _pool_connections() -> dict[str, float]:
    pool: QueuePool = db.engine.pool  # type: ignore[assignment]
    return {"in use": pool.checkedout(), "idle": pool.checkedin()}


def _queue_length() -> float:
    return float(queue.pending_count())


def _heartbeat_age() -> float | None:
    seen = heartbeat.last_seen()
    return (now() - seen).total_seconds() if seen else None


def _mails_waiting() -> float:
    return health.mail_counts()[0]


def _mails_failed() -> float:
    return health.mail_counts()[1]


def _oldest_mail_age() -> float:
    _waiting, _failed, oldest = health.mail_counts()
    return (now() - oldest).total_seconds() if oldest else 0


def _backup_age() -> float | None:
    taken_at = backups.last_verified()
    return (now() - taken_at).total_seconds() if taken_at else None


def _disk_free() -> float:
    return health.least_free_space()[0]


GAUGES: dict[str, tuple[str, Callable[[], float | None]]] = {
    "queue_length": ("Tasks waiting for a worker.", _queue_length),
    "queue_oldest_seconds": (
        "Seconds that the oldest unsent mail has waited in the outbox.",
        _oldest_mail_age,
    ),
    "database_size_bytes": ("Size of the database.", _database_size),
    "worker_silence_seconds": (
        "Seconds since the last heartbeat of a worker.",
        _heartbeat_age,
    ),
    "mails_waiting": ("Mails waiting to be sent.", _mails_waiting),
    "mails_failed": ("Mails that failed within a month.", _mails_failed),
    "backup_age_seconds": ("Seconds since the last verified backup.", _backup_age),
    "disk_free_bytes": ("Free disk space of the data directories.", _disk_free),
}
# The label, and a function that returns a value for each of its values.
LABELLED_GAUGES: dict[str, tuple[str, str, Callable[[], Mapping[str, float]]]] = {
    "build_info": ("1, with the version of Flaskblog.", "version", _build_info),
    "database_pool_connections": (
        "Connections to the database of the process that responds.",
        "state",
        _pool_connections,
    ),
    "process_resident_memory_bytes": (
        "Resident memory: web listens, web-1 and so on respond, worker runs jobs.",
        "process",
        memory.resident,
    ),
    "process_restarts_last_hour": (
        "How often the supervisor started a process again within an hour.",
        "process",
        restarts.counts,
    ),
}
