"""The front page, what this site is, and how it is."""

from typing import Any

from flask import Response, abort, current_app
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST

from flaskblog import health
from flaskblog.extensions import db
from flaskblog.health import State
from flaskblog.main.blueprint import main
from flaskblog.metrics import may_read
from flaskblog.models import User
from flaskblog.models.lists import listed
from flaskblog.pages import paginate_posts
from flaskblog.shared_page import render_shared


@main.route("/home")
@main.route("/")
def home() -> ResponseReturnValue:
    """The newest posts."""
    return render_shared("main/home.html", lambda: {"posts": paginate_posts(listed())})


@main.route("/about")
def about() -> ResponseReturnValue:
    """What this site is, who runs it, and how many write here."""
    return render_shared("main/about.html", _totals)


def _totals() -> dict[str, Any]:
    people, posts = db.session.execute(User.totals()).one()
    admins = db.session.scalars(User.admins()).all()
    return {"people": people, "posts": posts, "admins": admins}


@main.route("/livez")
def livez() -> ResponseReturnValue:
    """The process lives."""
    return {"status": "ok"}


@main.route("/readyz")
def readyz() -> ResponseReturnValue:
    """Whether visitors may be sent here: 503 while something that every page needs is failing."""
    findings = health.examine(health.CHECKS)
    states = {finding.state for finding in findings.values()}
    checks = {
        name: {"state": finding.state, "told": finding.told} for name, finding in findings.items()
    }
    if State.FAILING in states:
        return {"status": "not ready", "checks": checks}, 503
    return {"status": "ready", "checks": checks}


@main.route("/metrics")
def metrics() -> ResponseReturnValue:
    """Numbers for Prometheus, for this machine alone and for whoever brings METRICS_TOKEN."""
    if not may_read():
        abort(404)
    return Response(current_app.extensions["meter"].exposition(), content_type=CONTENT_TYPE_LATEST)
