"""Sitemaps (sitemaps.org), in parts of 10,000 ids."""

from datetime import datetime
from math import ceil

from flask import abort
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from flaskblog.database.base import LARGEST_ID
from flaskblog.extensions import db
from flaskblog.main import xml
from flaskblog.main.blueprint import bp
from flaskblog.models import Post, User
from flaskblog.models.post_lists import sitemap_entries
from flaskblog.urls import link_to

# The protocol allows 50,000 URLs in a part. A part is a fixed range of ids.
PART = 10_000


@bp.route("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """The index of the parts, which are computed from the largest ids."""
    return xml.sitemap_index(
        [link_to("main.sitemap_pages")]
        + [link_to("main.sitemap_posts", part=part) for part in range(1, _parts(Post) + 1)]
        + [link_to("main.sitemap_people", part=part) for part in range(1, _parts(User) + 1)]
    )


@bp.route("/sitemap-pages.xml")
def sitemap_pages() -> ResponseReturnValue:
    """The pages of the site itself."""
    return _sitemap([(link_to(f"main.{name}"), None) for name in ("home", "about")])


@bp.route("/sitemap-posts-<id:part>.xml")
def sitemap_posts(part: int) -> ResponseReturnValue:
    """Posts, and when they were last updated."""
    rows = db.session.execute(sitemap_entries(*_range(part)))
    return _sitemap([(link_to("posts.show", post_id=post_id), time) for post_id, time in rows])


@bp.route("/sitemap-people-<id:part>.xml")
def sitemap_people(part: int) -> ResponseReturnValue:
    """Members with posts."""
    names = db.session.scalars(User.authors_in_range(*_range(part)))
    return _sitemap([(link_to("users.profile", username=name), None) for name in names])


def _sitemap(entries: list[tuple[str, datetime | None]]) -> ResponseReturnValue:
    """404 for an empty part, which the schema of the protocol does not allow."""
    if not entries:
        abort(404)
    return xml.sitemap(entries)


def _parts(model: type[Post | User]) -> int:
    return ceil((db.session.scalar(select(func.max(model.id))) or 0) / PART)


def _range(part: int) -> tuple[int, int]:
    """The first id of a part, and of the next one; 404 beyond the largest id of a database."""
    if part > LARGEST_ID // PART:
        abort(404)
    return (part - 1) * PART + 1, part * PART + 1
