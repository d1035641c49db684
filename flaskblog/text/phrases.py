"""Numbers and durations in words."""

from math import ceil


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 post`, `12 posts` or `no posts`."""
    if number == 0:
        return f"no {plural or noun + 's'}"
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def waiting_time(seconds: int) -> str:
    """Return the time rounded up, such as `42 seconds` or `3 minutes`."""
    if seconds < 90:
        return count(seconds, "second")
    return count(ceil(seconds / 60), "minute")
