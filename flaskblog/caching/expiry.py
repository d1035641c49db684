"""Until when the page that is being made stays true."""

from contextvars import ContextVar
from time import time

NEVER = float("inf")
# In seconds since the epoch, like every `expires_at` of this package.
_expires_at: ContextVar[float] = ContextVar("expires_at", default=NEVER)


def reset_expiry() -> None:
    """Begin a new page: a thread may have made another one before."""
    _expires_at.set(NEVER)


def expire_in(seconds: float) -> None:
    """Limit the lifetime of the page that is being made, such as one with relative times."""
    _expires_at.set(min(_expires_at.get(), time() + seconds))


def expires_at() -> float:
    return _expires_at.get()
