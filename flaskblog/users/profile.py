"""The public page of a member, and their picture."""

from functools import partial
from typing import Any

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from flaskblog import rules
from flaskblog.caching.fragments import render_with_fragments
from flaskblog.extensions import db
from flaskblog.media import pictures
from flaskblog.media.store import NAME
from flaskblog.models import User
from flaskblog.models.post_lists import listed_by
from flaskblog.pagination import paginate_posts, read
from flaskblog.users.avatars import initials_svg
from flaskblog.users.blueprint import bp

YEAR = 365 * 24 * 60 * 60
WEEK = 7 * 24 * 60 * 60


@bp.route("/user/<username>")
def profile(username: str) -> ResponseReturnValue:
    """The posts of one member; the case of the username does not matter."""
    return render_with_fragments("users/profile.html", partial(_profile, username))


@bp.route("/media/<name>")
def picture(name: str) -> ResponseReturnValue:
    """A picture; a new picture has a new name."""
    if not NAME.fullmatch(name):
        abort(404)
    try:
        response = pictures.store().response(name, max_age=YEAR)
    except FileNotFoundError:
        abort(404)
    response.cache_control.immutable = True
    return response


@bp.route("/user/<username>/initials.svg")
def initials(username: str) -> ResponseReturnValue:
    """The avatar of a member without a picture."""
    svg = initials_svg(username, request.args.get("letters", ""))
    response = Response(svg, mimetype="image/svg+xml")
    response.cache_control.public = True
    response.cache_control.max_age = WEEK
    return response


def _profile(username: str) -> dict[str, Any]:
    found = read(User.profile(rules.username_key(username)))
    if not found:
        renamed = db.first_or_404(User.by_former_username(username))
        abort(redirect(url_for("users.profile", username=renamed.username), 301))
    (user,) = found
    return {"user": user, "posts": paginate_posts(listed_by(user.id), user.posts_count)}
