"""Logging in with a password, and the limits on guessing it.

Every attempt counts for its network, for what was typed, and for the account, before the password
is checked: so do simultaneous ones. An unknown name counts as an account of its own, so that each
step and response is the same with and without an account. `docs/decisions.md` has the reasons.
"""

from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from time import time

from flask import g
from flask_limiter import RateLimitExceeded
from limits import parse
from redis import RedisError
from werkzeug.exceptions import TooManyRequests

from flaskblog.extensions import db, limiter
from flaskblog.extensions.rate_limits import client_network
from flaskblog.models import User
from flaskblog.models.passwords import check_password
from flaskblog.monitoring.metrics import count_failed_log_in
from flaskblog.text.phrases import waiting_time
from flaskblog.users.known_browsers import known_browser
from flaskblog.users.limits import hashed_login

PER_NAME, PER_ACCOUNT = "login name", "login account"
FIVE, TWENTY = "5 per minute", "20 per minute"
# Failures with one name, from all networks, before its log-ins are slowed down.
FREE_FAILURES = 10
# In seconds.
FAILURES_WINDOW = 15 * 60
LONGEST_WAIT = 60
TURN_LIFETIME = 10 * 60


@dataclass(frozen=True)
class _Attempt:
    """What an attempt counts for."""

    name: str
    account: str
    network: str
    browser: str | None = None

    @property
    def name_key(self) -> str:
        return f"{self.name} {self.network}"

    @property
    def account_key(self) -> str:
        return f"{self.account} {self.network}"

    @property
    def failures_key(self) -> str:
        return f"login failures/{self.name}"

    @property
    def turn_key(self) -> str:
        return f"login turn/{self.name_key}"


def attempt_log_in(login: str, password: str) -> User | None:
    """Return the member with this username or e-mail address and this password.

    Takes the same time without such an account. None also for the right password, if this network
    has used up the account's attempts with its other name. Raises `TooManyRequests`.
    """
    user = db.session.scalar(User.by_login(login))
    name = hashed_login(login)
    account, browser = (f"user {user.id}", known_browser(user)) if user else (name, None)
    g.log_in_attempt = attempt = _Attempt(name, account, client_network(), browser)
    may_succeed = _count(attempt)
    if check_password(user.password_hash if user else None, password) and may_succeed:
        _clear(attempt)
        return user
    _count_failure(attempt)
    count_failed_log_in()
    return None


def allow_log_in(user: User) -> None:
    """Let this network log in at once, after a mailed link has proved whose account it is."""
    if not limiter.enabled:
        return
    for login in (user.username, user.email):
        attempt = _Attempt(hashed_login(login), f"user {user.id}", client_network())
        _clear(attempt)
        with suppress(RedisError):
            limiter.limiter.storage.clear(attempt.turn_key)
            limiter.limiter.storage.incr(attempt.turn_key, TURN_LIFETIME)


def _count(attempt: _Attempt) -> bool:
    """Return False if the attempt must fail without anyone noticing why.

    Raises `TooManyRequests`.
    """
    if attempt.browser:
        _count_in_known_browser()
        return True
    _count_for_network()
    with suppress(RedisError):  # just became unavailable
        _wait_for_turn(attempt)
    _count_for_name()
    try:
        _count_for_account()
    except RateLimitExceeded:
        return False
    return True


@limiter.shared_limit(FIVE, "login browser", key_func=lambda: g.log_in_attempt.browser)
@limiter.shared_limit(TWENTY, "login known browsers", key_func=lambda: g.log_in_attempt.account_key)
def _count_in_known_browser() -> None:
    """Apart from strangers; a thief of the password may have made many browsers known."""


@limiter.shared_limit(TWENTY, "login")
def _count_for_network() -> None:
    """Whatever was typed."""


@limiter.shared_limit(FIVE, PER_NAME, key_func=lambda: g.log_in_attempt.name_key)
def _count_for_name() -> None:
    """The response to an exceeded limit depends on what was typed alone."""


@limiter.shared_limit(FIVE, PER_ACCOUNT, key_func=lambda: g.log_in_attempt.account_key)
def _count_for_account() -> None:
    """Under both names of the account together."""


def _wait_for_turn(attempt: _Attempt) -> None:
    """After many failures, a network gets its turn only some time after it has first asked.

    Each network waits for itself: attackers slow the owner down, and cannot take the turn. Raises
    `TooManyRequests`.
    """
    if not limiter.enabled:
        return
    storage = limiter.limiter.storage
    excess = storage.get(attempt.failures_key) - FREE_FAILURES
    if excess < 0:
        return
    left = storage.get_expiry(attempt.turn_key) - time()
    if left <= 0:
        wait = min(2 ** min(excess, 10), LONGEST_WAIT)
        storage.incr(attempt.turn_key, wait + TURN_LIFETIME)
    else:
        wait = ceil(left - TURN_LIFETIME)
    if wait > 0:
        message = f"Too many attempts. Try again in {waiting_time(wait)}."
        raise TooManyRequests(message, retry_after=wait)
    storage.clear(attempt.turn_key)


def _count_failure(attempt: _Attempt) -> None:
    if limiter.enabled and not attempt.browser:
        with suppress(RedisError):
            limiter.limiter.storage.incr(attempt.failures_key, FAILURES_WINDOW)


def _clear(attempt: _Attempt) -> None:
    """Forget this network's attempts: the member has succeeded."""
    if not limiter.enabled:
        return
    counts = [(attempt.name_key, PER_NAME), (attempt.account_key, PER_ACCOUNT)]
    if attempt.browser:
        counts = [(attempt.browser, "login browser")]
    with suppress(RedisError):
        for key, scope in counts:
            limiter.limiter.clear(parse(FIVE), key, scope)
