"""Checks of an installation for the operator, after those of `health`; they may take seconds."""

import stat
import tempfile
from collections import Counter
from datetime import timedelta
from math import log2
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select

from flaskblog.backup import leftovers, marker
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.extensions import mail as mailer
from flaskblog.mail.outbox import explain_failure
from flaskblog.models import Post, Session
from flaskblog.monitoring import health
from flaskblog.monitoring.disk import data_dirs, private_files
from flaskblog.monitoring.health import Check, Finding, failing, ok, warning

# Bits of Shannon entropy of the key's characters; 48 random bytes in Base64 have about 300.
MIN_KEY_ENTROPY = 90
CLOCK_TOLERANCE = timedelta(seconds=5)
KEY_COMMAND = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
LOOPBACK = ("http://127.0.0.1", "http://[::1]", "http://localhost")


def settings() -> Finding:
    config = current_app.config
    if config["SHOW_MAIL_LINKS"] and not config["SITE_URL"].startswith(LOOPBACK):
        return failing("A public site runs in development mode.", "Set FLASKBLOG_ENV=production.")
    if not config["RATELIMIT_ENABLED"]:
        return failing("Rate limits are disabled.", "Remove RATELIMIT_ENABLED.")
    return ok(f"The site is at {config['SITE_URL']}.")


def key() -> Finding:
    secret = current_app.config["SECRET_KEY"]
    entropy = sum(-log2(times / len(secret)) * times for times in Counter(secret).values())
    if entropy < MIN_KEY_ENTROPY:
        return failing("SECRET_KEY is weak: sessions can be forged.", f"Make one: {KEY_COMMAND}")
    return ok("SECRET_KEY is strong.")


def folders() -> Finding:
    """Creates a file in each: permission bits do not show a read-only file system."""
    package = Path(current_app.root_path)
    for folder in sorted(data_dirs()):
        if folder == package or package in folder.parents:
            return failing(
                f"{folder} is inside the program: an upgrade would delete it.",
                "Move it, and set DATABASE_URL or MEDIA_FOLDER to the new location.",
            )
        try:
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
                pass
        except OSError as error:
            return failing(
                f"{folder} is not writable: {error.strerror}.",
                "Make the user who runs the site its owner (chown); check that the disk is not"
                " mounted read-only.",
            )
    return ok("All data directories are writable.")


def permissions() -> Finding:
    """New files are private (serving/permissions.py); older ones keep their permissions."""
    for folder, pattern in private_files():
        if any(_mode(file) & 0o077 for file in folder.glob(pattern)):
            return failing(
                f"Other users of this machine can read {folder / pattern}.",
                f"Run: chmod go-rwx {folder / pattern}",
            )
    for folder in sorted(data_dirs()):
        if _mode(folder) & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
            return failing(
                f"Other users of this machine can write into {folder}.", f"Run: chmod o-w {folder}"
            )
    return ok("Other users of this machine can read no database, key or backup.")


def smtp() -> Finding:
    """Connects, starts TLS and logs in; sends nothing."""
    config = current_app.config
    if not config["MAIL_SERVER"]:
        if config["SITE_URL"].startswith(LOOPBACK):
            return ok("No mail server is set; e-mails are written to files.")
        return failing("No mail server is set: no e-mail is sent.", "Set MAIL_SERVER.")
    try:
        with mailer.connect():
            pass
    except OSError as error:
        return failing(explain_failure(error), "Check the settings that begin with MAIL_.")
    return ok("The mail server accepts connections.")


def clock() -> Finding:
    """Compared with the clock of PostgreSQL and with the newest rows."""
    remedy = "Synchronize the clocks of both machines, with chrony or systemd-timesyncd."
    here = now()
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            there = connection.execute(select(func.clock_timestamp())).scalar_one()
            if abs(there - here) > CLOCK_TOLERANCE:
                apart = abs(there - here).total_seconds()
                return failing(f"The clocks of site and database are {apart:.0f} s apart.", remedy)
        newest = [
            time
            for query in (func.max(Post.created_at), func.max(Session.last_seen_at))
            if (time := connection.scalar(select(query)))
        ]
    if newest and max(newest) - here > CLOCK_TOLERANCE:
        return failing("The database holds rows from the future: the clock is slow.", remedy)
    return ok("The clock agrees with the database.")


def proxy() -> Finding:
    config = current_app.config
    url, proxies = config["SITE_URL"], config["TRUSTED_PROXIES"]
    if url.startswith("https:") and not proxies:
        return failing(
            "SITE_URL is https, which needs a proxy, but TRUSTED_PROXIES is 0: all visitors have"
            " the address of the proxy, and share one rate limit.",
            "Set TRUSTED_PROXIES to the number of proxies in front, usually 1.",
        )
    if proxies and url.startswith(LOOPBACK):
        return warning(
            "TRUSTED_PROXIES is set without a proxy: clients can forge their address.",
            "Set it to 0, or SITE_URL to the public URL.",
        )
    if url.startswith("http:") and not url.startswith(LOOPBACK):
        return warning(
            "SITE_URL is http: passwords are sent unencrypted.",
            "Use a proxy with a certificate: deploy/Caddyfile obtains one automatically.",
        )
    return ok(f"TRUSTED_PROXIES is {proxies}.")


def _mode(path: Path) -> int:
    """Return the permissions, or 0 for a file that has been removed, as journals are."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0


def interrupted() -> Finding:
    """Looks for what killed upgrades, restores and backups have left."""
    if under_way := marker.read():
        return failing(
            f"An upgrade was interrupted while {under_way.step}; its backup is {under_way.backup}.",
            "Run: flask --app run upgrade",
        )
    if found := leftovers.names():
        return warning(
            f"Killed commands have left {', '.join(found)}.",
            "Delete them: flask --app run doctor --fix",
        )
    return ok("No command was interrupted.")


CHECKS: dict[str, Check] = {
    "settings": settings,
    "key": key,
    **health.CHECKS,
    "folders": folders,
    "permissions": permissions,
    "mail server": smtp,
    "clock": clock,
    "proxy": proxy,
    "leftovers": interrupted,
}
