"""What templates may say beside their own values."""

from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import flask.templating
from flask import Flask
from flask_login import current_user
from humanize import naturaltime
from markupsafe import Markup

from flaskblog.addresses import mounted_at
from flaskblog.database import now
from flaskblog.letters import link_to
from flaskblog.page_cache import expire_in
from flaskblog.text import count
from flaskblog.users.avatars import picture_of
from flaskblog.users.devices import device_name

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ADDRESSES = 4096  # that a process remembers


class Environment(flask.templating.Environment):
    def make_globals(self, d: MutableMapping[str, Any] | None) -> dict[str, Any]:
        """As they are when a template is loaded, which is after `create_app`.

        Jinja's own chain of two dictionaries would show later ones too, and is walked in Python
        for each template and each import of a page.
        """
        return {**self.globals, **(d or {})}


def init_app(app: Flask) -> None:
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["site_name"] = app.config["SITE_NAME"]
    # A proxy, so that only a template that asks who is there costs a look into the database.
    app.jinja_env.globals["current_user"] = current_user
    # Of a file that changes under `make dev`, the address does too.
    url_for = app.url_for if app.debug else _remembering(app.url_for)
    app.jinja_env.globals["url_for"] = url_for
    app.jinja_env.globals["link_to"] = _remembering(link_to)
    app.jinja_env.globals["once"] = _at_once if app.debug else _once()
    # As filters, what lists show of each post: Jinja calls those itself, and functions by a detour.
    app.jinja_env.filters["url"] = url_for
    app.jinja_env.filters["link"] = app.jinja_env.globals["link_to"]
    app.jinja_env.filters["picture_url"] = lambda person: picture_of(person, url_for)
    app.jinja_env.filters["time_ago"] = time_ago
    app.jinja_env.filters["exact_time"] = exact_time
    app.jinja_env.filters["count"] = count
    app.jinja_env.filters["device_name"] = device_name
    app.jinja_env.filters["ago"] = ago
    app.jinja_env.filters["given"] = given
    app.jinja_env.filters["enter_key"] = enter_key
    # Safe because Markdown is rendered and cleaned when it is written.
    app.jinja_env.filters["rendered"] = Markup
    app.jinja_env.filters["machine_time"] = machine_time


def _remembering(build: Callable[..., str]) -> Callable[..., str]:
    """Builds an address once: it follows from its values, and from where the site is mounted.

    A page has thirty of them, which are the same on the next one.
    """

    @lru_cache(maxsize=ADDRESSES)
    def built(_root: str, endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return build(endpoint, **dict(values))

    def address(endpoint: str, **values: Any) -> str:
        return built(mounted_at.get(), endpoint, tuple(values.items()))

    return address


def _once() -> Callable[..., Markup]:
    """Draws a macro whose words follow from its arguments alone once for all pages."""

    @lru_cache(maxsize=256)
    def drawn(_root: str, macro: Callable[..., Markup], arguments: tuple[Any, ...]) -> Markup:
        return macro(*arguments)

    def once(macro: Callable[..., Markup], *arguments: Any) -> Markup:
        return drawn(mounted_at.get(), macro, arguments)

    return once


def _at_once(macro: Callable[..., Markup], *arguments: Any) -> Markup:
    return macro(*arguments)


def time_ago(time: datetime) -> Markup:
    """A `time` element that tells the age, and the moment when it is asked."""
    words = f'title="{human_time(time)}">{ago(time)}'
    return Markup(f'<time datetime="{machine_time(time)}" {words}</time>')  # noqa: S704


def exact_time(time: datetime) -> Markup:
    """A `time` element that tells the moment."""
    return Markup(f'<time datetime="{machine_time(time)}">{human_time(time)}</time>')  # noqa: S704


def machine_time(time: datetime) -> str:
    return f"{time.isoformat()[:19]}Z"


def human_time(time: datetime) -> str:
    clock = f"{time.hour:02}:{time.minute:02}"
    return f"{time.day} {MONTHS[time.month - 1]} {time.year}, {clock} UTC"


def ago(time: datetime) -> str:
    """In words, from now: `3 hours ago`. The page is not kept for longer than they are true."""
    age = (now() - time).total_seconds()
    unit = 1 if age < MINUTE else MINUTE if age < HOUR else HOUR if age < DAY else DAY
    past = age % unit
    expire_in(unit - past)
    return _in_words(age - past)


@lru_cache(maxsize=1024)
def _in_words(age: float) -> str:
    return naturaltime(timedelta(seconds=age))


def given(attributes: dict[str, Any]) -> dict[str, Any]:
    """Those that have a value."""
    return {name: value for name, value in attributes.items() if value}


def enter_key(attributes: dict[str, Any], last: bool) -> dict[str, Any]:
    """With what the Enter key of a telephone does: on to the next line, or off with the form."""
    return {**attributes, "enterkeyhint": "go" if last else "next"}
