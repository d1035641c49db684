"""The front page, the page about the site, health checks and metrics."""

from typing import Any

from flask import Response, abort, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required
from prometheus_client import CONTENT_TYPE_LATEST

from flaskblog.caching.fragments import render_with_fragments
from flaskblog.extensions import db
from flaskblog.main.blueprint import bp
from flaskblog.models import Draft, User
from flaskblog.models.post_lists import listed
from flaskblog.monitoring import health
from flaskblog.monitoring.health import State
from flaskblog.monitoring.metrics import exposition, may_read
from flaskblog.pagination import paginate_posts


@bp.route("/home")
@bp.route("/")
def home() -> ResponseReturnValue:
    """The newest posts."""
    return render_with_fragments("main/home.html", lambda: {"posts": paginate_posts(listed())})


@bp.route("/about")
def about() -> ResponseReturnValue:
    """The description of the site, its admins and the numbers of members and posts."""
    return render_with_fragments("main/about.html", _totals)


@bp.route("/menu")
@login_required
def menu() -> ResponseReturnValue:
    """One's own pages, the number of drafts, and the button that logs out."""
    drafts = db.session.scalar(Draft.count_of(current_user))
    return render_template("main/menu.html", drafts=drafts)


def _totals() -> dict[str, Any]:
    people, posts = db.session.execute(*User.totals()).one()
    admins = db.session.scalars(User.admins()).all()
    return {"people": people, "posts": posts, "admins": admins}


@bp.route("/livez")
def livez() -> ResponseReturnValue:
    """Report that the process runs."""
    return {"status": "ok"}


@bp.route("/readyz")
def readyz() -> ResponseReturnValue:
    """Report whether the site can serve requests: 503 while a check is failing."""
    findings = health.run_checks(health.CHECKS)
    states = {finding.state for finding in findings.values()}
    checks = {
        name: {"state": finding.state, "told": finding.message}
        for name, finding in findings.items()
    }
    if State.FAILING in states:
        return {"status": "not ready", "checks": checks}, 503
    return {"status": "ready", "checks": checks}


@bp.route("/metrics")
def metrics() -> ResponseReturnValue:
    """Metrics for Prometheus, for requests of this machine or with METRICS_TOKEN."""
    if not may_read():
        abort(404)
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)
