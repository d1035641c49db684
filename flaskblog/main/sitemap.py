"""Sitemaps (sitemaps.org): what search engines may read, in parts that stay small."""

from datetime import datetime
from math import ceil

from flask import abort
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from flaskblog import feeds
from flaskblog.database import LARGEST_ID
from flaskblog.extensions import db
from flaskblog.letters import link_to
from flaskblog.main.blueprint import main
from flaskblog.models import Post, User
from flaskblog.models.lists import in_sitemap

# The protocol allows 50,000 addresses in a part. A part is a range of ids, which never moves.
PART = 10_000


@main.route("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """The parts, for which no more than the largest ids has to be known."""
    return feeds.sitemap_index(
        [link_to("main.sitemap_pages")]
        + [link_to("main.sitemap_posts", part=part) for part in range(1, _parts(Post) + 1)]
        + [link_to("main.sitemap_people", part=part) for part in range(1, _parts(User) + 1)]
    )


@main.route("/sitemap-pages.xml")
def sitemap_pages() -> ResponseReturnValue:
    """The pages that are always there."""
    return _sitemap([(link_to(f"main.{name}"), None) for name in ("home", "about")])


@main.route("/sitemap-posts-<id:part>.xml")
def sitemap_posts(part: int) -> ResponseReturnValue:
    """Posts, and when they last changed."""
    rows = db.session.execute(in_sitemap(*_range(part)))
    return _sitemap([(link_to("posts.show", post_id=post_id), time) for post_id, time in rows])


@main.route("/sitemap-people-<id:part>.xml")
def sitemap_people(part: int) -> ResponseReturnValue:
    """People who have written something."""
    names = db.session.scalars(User.writers_in_range(*_range(part)))
    return _sitemap([(link_to("users.profile", username=name), None) for name in names])


def _sitemap(entries: list[tuple[str, datetime | None]]) -> ResponseReturnValue:
    """A part without an entry would break the protocol's schema."""
    if not entries:
        abort(404)
    return feeds.sitemap(entries)


def _parts(model: type[Post | User]) -> int:
    return ceil((db.session.scalar(select(func.max(model.id))) or 0) / PART)


def _range(part: int) -> tuple[int, int]:
    """The first id of a part, and the first after it; a 404 where no database counts so far."""
    if part > LARGEST_ID // PART:
        abort(404)
    return (part - 1) * PART + 1, part * PART + 1
