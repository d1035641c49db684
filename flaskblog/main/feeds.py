"""Atom feeds."""

from flask import current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from flaskblog.extensions import db
from flaskblog.main import xml
from flaskblog.main.blueprint import bp
from flaskblog.models import User
from flaskblog.models.post_lists import feed_entries, feed_entries_by
from flaskblog.pagination import read
from flaskblog.urls import link_to


@bp.route("/feed.xml")
def feed() -> ResponseReturnValue:
    """The newest posts."""
    return xml.atom(
        read(feed_entries()),
        title=current_app.config["SITE_NAME"],
        subtitle=current_app.config["SITE_DESCRIPTION"],
        page=link_to("main.home"),
        address=link_to("main.feed"),
    )


@bp.route("/user/<username>/feed.xml")
def profile_feed(username: str) -> ResponseReturnValue:
    """The newest posts of a member; a former username redirects to the new one."""
    user = db.session.scalar(User.by_username(username))
    if user is None:
        renamed = db.first_or_404(User.by_former_username(username))
        return redirect(url_for("main.profile_feed", username=renamed.username), 301)
    return xml.atom(
        read(feed_entries_by(user.id)),
        title=f"{user.name} · {current_app.config['SITE_NAME']}",
        subtitle=user.bio,
        page=link_to("users.profile", username=user.username),
        address=link_to("main.profile_feed", username=user.username),
    )
