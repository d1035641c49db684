"""What may be wrong with an installation before visitors notice, and what to do about it.

The questions of `health` come first; those here may take seconds, and only the operator asks them.
"""

import stat
import tempfile
from collections import Counter
from datetime import timedelta
from math import log2
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select

from flaskblog import health
from flaskblog.database import now
from flaskblog.extensions import db
from flaskblog.extensions import mail as mailer
from flaskblog.folders import data_folders
from flaskblog.health import Check, Finding, failing, ok, warning
from flaskblog.models import Post, Session
from flaskblog.outbox import explain_failure

# Bits, when each character tells as much as its frequency in the key: 48 random bytes have 300.
WEAK_KEY = 90
CLOCK_TOLERANCE = timedelta(seconds=5)
NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def settings() -> Finding:
    config = current_app.config
    if config["SHOW_MAIL_LINKS"] and not config["SITE_URL"].startswith(LOOPBACK):
        return failing("A site for others runs as in development.", "Set FLASKBLOG_ENV=production.")
    if not config["RATELIMIT_ENABLED"]:
        return failing("Passwords may be guessed without limit.", "Take RATELIMIT_ENABLED away.")
    return ok(f"The site is at {config['SITE_URL']}.")


def key() -> Finding:
    secret = current_app.config["SECRET_KEY"]
    bits = sum(-log2(times / len(secret)) * times for times in Counter(secret).values())
    if bits < WEAK_KEY:
        return failing("SECRET_KEY can be guessed, and with it every session.", f"Make: {NEW_KEY}")
    kept = Path(current_app.instance_path, "secret_key")
    if kept.exists() and stat.S_IMODE(kept.stat().st_mode) & 0o077:
        return failing("Others on this machine may read the key.", f"Run: chmod 600 {kept}")
    return ok("SECRET_KEY cannot be guessed.")


def folders() -> Finding:
    """Written to for a try: root may write everywhere, but not on every file system."""
    package = Path(current_app.root_path)
    for folder in sorted(data_folders()):
        if folder == package or package in folder.parents:
            return failing(
                f"{folder} is inside the program: an upgrade would replace it.",
                "Move it, and set DATABASE_URL or MEDIA_FOLDER to its new place.",
            )
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
                pass
        except OSError as error:
            return failing(
                f"Nothing can be written to {folder}: {error.strerror}.",
                "Give it to the user who runs the site: chown, and check that it is no read-only"
                " disk.",
            )
    return ok("Every folder of data can be written to.")


def smtp() -> Finding:
    """Connects, encrypts and logs in as a mail would, and sends none."""
    config = current_app.config
    if not config["MAIL_SERVER"]:
        if config["SITE_URL"].startswith(LOOPBACK):
            return ok("No mail server is set; mails are files.")
        return failing("No mail server is set, so nobody gets a reset link.", "Set MAIL_SERVER.")
    try:
        with mailer.connect():
            pass
    except OSError as error:
        return failing(explain_failure(error), "Check the settings that begin with MAIL_.")
    return ok("The mail server lets us in.")


def clock() -> Finding:
    """Against the database's host and against what was written earlier: links and limits use it."""
    remedy = "Set the clock right, with chrony or systemd-timesyncd, on both machines."
    here = now()
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            there = connection.execute(select(func.clock_timestamp())).scalar_one()
            if abs(there - here) > CLOCK_TOLERANCE:
                apart = abs(there - here).total_seconds()
                return failing(f"Our clock and the database's are {apart:.0f} s apart.", remedy)
        newest = [
            time
            for query in (func.max(Post.created_at), func.max(Session.last_seen_at))
            if (time := connection.scalar(select(query)))
        ]
    if newest and max(newest) - here > CLOCK_TOLERANCE:
        return failing("Something here was written in the future: the clock is late.", remedy)
    return ok("The clock is right, as far as can be told.")


def proxy() -> Finding:
    config = current_app.config
    url, proxies = config["SITE_URL"], config["TRUSTED_PROXIES"]
    if url.startswith("https:") and not proxies:
        return failing(
            "SITE_URL is https, which needs a proxy, but TRUSTED_PROXIES is 0: every visitor seems"
            " to be the proxy, and one of them uses up the limits of all.",
            "Set TRUSTED_PROXIES to how many proxies stand in front, mostly 1.",
        )
    if proxies and url.startswith(LOOPBACK):
        return warning(
            "TRUSTED_PROXIES is set for a site without a proxy: anybody may forge an address.",
            "Set it to 0, or SITE_URL to what people type.",
        )
    if url.startswith("http:") and not url.startswith(LOOPBACK):
        return warning(
            "SITE_URL is http: passwords travel in the clear.",
            "Put a proxy with a certificate in front: deploy/Caddyfile gets one by itself.",
        )
    return ok(f"TRUSTED_PROXIES is {proxies}.")


CHECKS: dict[str, Check] = {
    "settings": settings,
    "key": key,
    **health.CHECKS,
    "folders": folders,
    "mail server": smtp,
    "clock": clock,
    "proxy": proxy,
}
