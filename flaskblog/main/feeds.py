"""Feeds for people who read in a program of their own."""

from flask import current_app, redirect, url_for
from flask.typing import ResponseReturnValue

from flaskblog import feeds
from flaskblog.extensions import db
from flaskblog.letters import link_to
from flaskblog.main.blueprint import main
from flaskblog.models import User
from flaskblog.models.lists import in_feed, in_feed_of_author
from flaskblog.pages import read


@main.route("/feed.xml")
def feed() -> ResponseReturnValue:
    """The newest posts of all."""
    return feeds.atom(
        read(in_feed(), {}),
        title=current_app.config["SITE_NAME"],
        page=link_to("main.home"),
        address=link_to("main.feed"),
    )


@main.route("/user/<username>/feed.xml")
def profile_feed(username: str) -> ResponseReturnValue:
    """One person's newest posts; a name that was given up leads to the new one."""
    user = db.session.scalar(User.named(username))
    if user is None:
        renamed = db.first_or_404(User.once_named(username))
        return redirect(url_for("main.profile_feed", username=renamed.username), 301)
    return feeds.atom(
        read(in_feed_of_author(), {"author_id": user.id}),
        title=f"{user.username} · {current_app.config['SITE_NAME']}",
        page=link_to("users.profile", username=user.username),
        address=link_to("main.profile_feed", username=user.username),
    )
