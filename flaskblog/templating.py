"""Globals and filters of all templates."""

from calendar import month_name
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import Flask
from flask_login import current_user
from humanize import naturaltime
from markupsafe import Markup

from flaskblog.caching.expiry import expire_in
from flaskblog.database.base import now
from flaskblog.text.phrases import count
from flaskblog.text.plain_text import with_links
from flaskblog.urls import link_to

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
# A list page shows many times: `strftime` would take a fiftieth of it.
MONTHS = tuple(month_name)


def init_app(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        site_description=app.config["SITE_DESCRIPTION"],
        site_name=app.config["SITE_NAME"],
        # A proxy: only a template that uses it loads the session from the database.
        current_user=current_user,
        link_to=link_to,
    )
    app.jinja_env.filters.update(
        clock_time=clock_time,
        count=count,
        date=date,
        exact_time=exact_time,
        iso_time=iso_time,
        month=month,
        relative_time=relative_time,
        time_ago=time_ago,
        with_enter_key_hint=with_enter_key_hint,
        with_links=with_links,
        without_empty=without_empty,
    )


def date(time: datetime) -> Markup:
    """Return a `time` element with the date, and the exact time as its title."""
    text = f'title="{format_time(time)}">{time.day} {MONTHS[time.month]} {time.year}'
    return Markup(f'<time datetime="{iso_time(time)}" data-date {text}</time>')  # noqa: S704


def time_ago(time: datetime) -> Markup:
    """Return a `time` element with the relative time, and the exact one as its title."""
    text = f'title="{format_time(time)}">{relative_time(time)}'
    return Markup(f'<time datetime="{iso_time(time)}" {text}</time>')  # noqa: S704


def exact_time(time: datetime) -> Markup:
    """Return a `time` element with the exact time."""
    return Markup(f'<time datetime="{iso_time(time)}">{format_time(time)}</time>')  # noqa: S704


def month(time: datetime) -> Markup:
    """Return a `time` element with month and year, and the exact time as its title."""
    text = f'title="{format_time(time)}">{MONTHS[time.month]} {time.year}'
    return Markup(f'<time datetime="{iso_time(time)}" {text}</time>')  # noqa: S704


def clock_time(time: datetime) -> Markup:
    """Return a `time` element with the time of day, before today with the date."""
    text = f"{time:%H:%M} UTC" if time.date() == now().date() else format_time(time)
    return Markup(f'<time datetime="{iso_time(time)}" data-clock>{text}</time>')  # noqa: S704


def iso_time(time: datetime) -> str:
    return f"{time.isoformat()[:19]}Z"


def format_time(time: datetime) -> str:
    date = f"{time.day} {MONTHS[time.month]} {time.year}"
    return f"{date}, {time.hour:02}:{time.minute:02} UTC"


def relative_time(time: datetime) -> str:
    """Return the age in words, as `3 hours ago`; the page expires when that changes."""
    age = (now() - time).total_seconds()
    if age < MINUTE:
        expire_in(MINUTE - age)
        return "just now"
    unit = MINUTE if age < HOUR else HOUR if age < DAY else DAY
    past = age % unit
    expire_in(unit - past)
    return _describe_age(age - past)


@lru_cache(maxsize=1024)
def _describe_age(seconds: float) -> str:
    return naturaltime(timedelta(seconds=seconds))


def without_empty(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value}


def with_enter_key_hint(attributes: dict[str, Any], last: bool) -> dict[str, Any]:
    """Label the Enter key of an on-screen keyboard: next field, or submit."""
    return {**attributes, "enterkeyhint": "go" if last else "next"}
