"""Numbers for Prometheus: counted in every process of the server, added up when they are asked for.

https://prometheus.github.io/client_python/multiprocess/
"""

from collections.abc import Callable, Iterator
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
from sqlalchemy.exc import SQLAlchemyError

from flaskblog import backups, health, heartbeat
from flaskblog.database import now
from flaskblog.extensions import db, queue
from flaskblog.health import State
from flaskblog.models import Mail
from flaskblog.queue import QUEUE_ERRORS

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
STATES = {State.OK: 0, State.WARNING: 1, State.FAILING: 2}
# Where a request keeps what it is counted as, for the page cache to count by.
ENDPOINT = "flaskblog.endpoint"
# A proxy on this machine comes from loopback too, on behalf of anybody.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


class Meter:
    """What is counted at each request."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._of = cache(self._find)  # there are only so many, and each is asked for all day
        if folder:
            # The library looks at the environment when it is imported, before there is a folder.
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
            "From the first line of a request to its answer, where a page was made.",
            ["endpoint"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, response: Response) -> Response:
        endpoint = request.environ[ENDPOINT] = request.endpoint or "none"
        requests, seconds = self._of(endpoint, response.status_code)
        requests.inc()
        seconds.observe(perf_counter() - g.began_at)
        return response

    def count_kept(self, endpoint: str) -> None:
        """A page that was kept, and sent without asking Flask."""
        self._of(endpoint, 200)[0].inc()

    def _find(self, endpoint: str, status: int) -> tuple[Counter, Histogram]:
        return self.requests.labels(endpoint, status), self.seconds.labels(endpoint)

    def exposition(self) -> bytes:
        """Every number, in the text format of Prometheus."""
        registry = self.registry
        if self.folder:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self.folder)
        looked_up = CollectorRegistry()
        looked_up.register(_Now())
        return generate_latest(registry) + generate_latest(looked_up)


class _Now(Collector):
    """What is looked up when it is asked for; what cannot be known is left out."""

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "flaskblog_check_state", "0 is well, 1 a warning, 2 failing.", labels=["check"]
        )
        findings = health.examine(health.CHECKS)
        for name, finding in findings.items():
            state.add_metric([name], STATES[finding.state])
        yield state
        if findings["database"] == health.AWAY:
            return  # each look would wait for it again
        for name, (what, look_up) in READINGS.items():
            with suppress(SQLAlchemyError, *QUEUE_ERRORS):
                value = look_up()
                if value is not None:
                    yield GaugeMetricFamily(f"flaskblog_{name}", what, value=value)


def may_read() -> bool:
    """Whoever brings METRICS_TOKEN, or asks on this machine itself and for nobody else."""
    token = current_app.config["METRICS_TOKEN"]
    brought = request.headers.get("Authorization", "")
    if token and compare_digest(brought.encode(), f"Bearer {token}".encode()):
        return True
    if any(name in request.headers for name in FORWARDED):
        return False
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig", request.environ)
    try:
        return ip_address(before_proxies.get("REMOTE_ADDR") or "").is_loopback
    except ValueError:
        return False


def init_app(app: Flask) -> None:
    count_in(app.config["METRICS_FOLDER"], app)
    app.after_request(_count)


def count_in(folder: str, app: Flask) -> None:
    """From nought, in files that the processes of a server share, or without a folder alone."""
    app.extensions["meter"] = Meter(folder)


def _count(response: Response) -> Response:
    meter: Meter = current_app.extensions["meter"]
    return meter.count(response)


def _queue_length() -> float:
    return float(queue.pending_count())


def _worker_silence() -> float | None:
    seen = heartbeat.last_beat()
    return (now() - seen).total_seconds() if seen else None


def _mails_waiting() -> float:
    return _mails()[0]


def _mails_failed() -> float:
    return _mails()[1]


def _mails() -> tuple[int, int]:
    with db.engine.connect() as connection:
        waiting, failed, _oldest = connection.execute(Mail.tally()).one()
    return waiting, failed


def _backup_age() -> float | None:
    made = backups.last_verified()
    return (now() - made).total_seconds() if made else None


def _disk_free() -> float:
    return health.least_free()[0]


READINGS: dict[str, tuple[str, Callable[[], float | None]]] = {
    "queue_length": ("Tasks that wait for a worker.", _queue_length),
    "worker_silence_seconds": ("Since the worker was last seen.", _worker_silence),
    "mails_waiting": ("Mails that are still to be sent.", _mails_waiting),
    "mails_failed": ("Mails given up within a month.", _mails_failed),
    "backup_age_seconds": ("Since the last verified backup.", _backup_age),
    "disk_free_bytes": ("Where the data is.", _disk_free),
}
