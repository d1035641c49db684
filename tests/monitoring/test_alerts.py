"""E-mails to the admins about problems, by a clock that the tests set."""

import platform
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from flaskblog.backup import backups
from flaskblog.database.base import now
from flaskblog.extensions import db
from flaskblog.mail import outbox
from flaskblog.models import Mail, Setting, User
from flaskblog.monitoring import alerts, failures, health, recent_events
from flaskblog.monitoring.health import Finding, ok, warning
from flaskblog.monitoring.recent_events import restarts, server_errors
from flaskblog.serving import worker
from tests.conftest import make_app
from tests.support.client import browser
from tests.support.factories import make_user
from tests.support.installation import DiskUsage, make_backup
from tests.support.jobs import run_job
from tests.support.outbox import add_mail, outbox_rows

pytestmark = pytest.mark.usefixtures("healthy", "author", "alerting")
Patch = pytest.MonkeyPatch
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MODULES = (alerts, health, recent_events)


class Site:
    """A site with one cause of alerts, which the test switches, and a clock."""

    def __init__(self, app: Flask, monkeypatch: Patch) -> None:
        self.time = now()
        self.has_problem = False
        self._app = app
        for module in MODULES:
            monkeypatch.setattr(module, "now", lambda: self.time)
        monkeypatch.setattr(alerts, "CAUSES", {"disk": self._check})

    def alerts_after(self, time: timedelta, *, has_problem: bool) -> list[str]:
        """Let time pass, run the job, and return the templates of new mails."""
        self.time += time
        self.has_problem = has_problem
        before = len(outbox_rows())
        run_job(self._app, worker.send_alerts)
        return [mail.template for mail in outbox_rows()[before:]]

    def _check(self) -> Finding:
        return warning("Only 1 GB free.", "Make room.") if self.has_problem else ok("2 GB free.")


@pytest.fixture
def alerting(app: Flask, monkeypatch: Patch) -> None:
    monkeypatch.setitem(app.config, "ALERTS", True)


@pytest.fixture
def site(app: Flask, monkeypatch: Patch) -> Site:
    return Site(app, monkeypatch)


def told(app: Flask) -> set[str]:
    """The causes that the job has just written e-mails about."""
    before = len(outbox_rows())
    run_job(app, worker.send_alerts)
    return {mail.context["cause"] for mail in outbox_rows()[before:]}


def test_a_problem_is_told_once_when_it_begins_and_once_when_it_is_resolved(site: Site) -> None:
    assert site.alerts_after(HOUR, has_problem=False) == []
    assert site.alerts_after(HOUR, has_problem=True) == ["alert"]
    assert site.alerts_after(HOUR, has_problem=True) == []
    assert site.alerts_after(2 * DAY, has_problem=True) == []
    assert site.alerts_after(HOUR, has_problem=False) == ["alert_resolved"]
    assert site.alerts_after(HOUR, has_problem=False) == []


def test_a_problem_that_comes_and_goes_is_told_once_a_day(site: Site) -> None:
    assert site.alerts_after(HOUR, has_problem=True) == ["alert"]
    assert site.alerts_after(HOUR, has_problem=False) == ["alert_resolved"]
    for _ in range(5):
        assert site.alerts_after(2 * HOUR, has_problem=True) == []
        assert site.alerts_after(2 * HOUR, has_problem=False) == []
    assert site.alerts_after(HOUR, has_problem=True) == []
    assert site.alerts_after(2 * HOUR, has_problem=True) == ["alert"], "it has lasted for a day"


def test_every_admin_receives_it_and_nobody_else(site: Site) -> None:
    make_user("member")
    second = make_user("second")
    second.is_admin = True
    db.session.commit()
    assert site.alerts_after(HOUR, has_problem=True) == ["alert", "alert"]
    recipients = {mail.recipient for mail in outbox_rows()}
    assert recipients == {"author@example.org", "second@example.org"}


@pytest.mark.parametrize("was_told", [False, True], ids=["the first time", "again"])
def test_several_workers_send_one(app: Flask, monkeypatch: Patch, was_told: bool) -> None:
    if was_told:
        long_ago = (now() - 9 * DAY).isoformat()
        Setting.store("alert errors", {"is_reported": False, "at": long_ago})
        db.session.commit()
    together = Barrier(4, timeout=30)

    def check() -> Finding:
        together.wait()
        return warning("Only 1 GB free.", "Make room.")

    def work() -> None:
        with app.app_context():
            alerts.send_due()

    monkeypatch.setattr(alerts, "CAUSES", {"errors": check})
    with ThreadPoolExecutor(4) as pool:
        for job in [pool.submit(work) for _ in range(4)]:
            job.result()
    assert [mail.template for mail in outbox_rows()] == ["alert"]


def test_each_host_has_a_disk_and_all_share_the_mail_server(site: Site, monkeypatch: Patch) -> None:
    causes = alerts.CAUSES | {"mail server": alerts.CAUSES["disk"]}
    monkeypatch.setattr(alerts, "CAUSES", causes)
    assert len(site.alerts_after(HOUR, has_problem=True)) == 2
    monkeypatch.setattr(platform, "node", lambda: "another-host")
    assert len(site.alerts_after(HOUR, has_problem=True)) == 1
    assert outbox_rows()[-1].context["cause"] == "disk"


def test_nothing_is_written_while_all_is_well_or_alerts_are_off(
    app: Flask, site: Site, monkeypatch: Patch
) -> None:
    assert site.alerts_after(HOUR, has_problem=False) == []
    monkeypatch.setitem(app.config, "ALERTS", False)
    assert site.alerts_after(HOUR, has_problem=True) == []
    assert db.session.scalars(select(Setting)).all() == []


def test_the_mails_say_what_to_do(site: Site) -> None:
    site.alerts_after(HOUR, has_problem=True)
    site.alerts_after(HOUR, has_problem=False)
    begun, resolved = (outbox.compose(mail) for mail in outbox_rows())
    assert begun is not None
    assert resolved is not None
    assert begun.subject == "Flaskblog: Problem with disk"
    assert resolved.subject == "Flaskblog: Resolved: problem with disk"
    mime = begun.to_mime("1")
    for text in (str(mime.body), str(mime.html)):
        assert "Only 1 GB free." in text
        assert "Make room." in text
    assert "2 GB free." in str(resolved.to_mime("2").body)


def failed_backup(_app: Flask, monkeypatch: Patch) -> None:
    def fail() -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(backups, "take_nightly", fail)
        with pytest.raises(OSError, match="No space"):
            worker.take_backup.call_local()


def overdue_backup(app: Flask, monkeypatch: Patch) -> None:
    folder = Path(app.config["BACKUP_FOLDER"]).parent / "others"
    folder.mkdir(exist_ok=True)
    make_backup(folder, timedelta(hours=37))
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", folder)


def full_disk(_app: Flask, monkeypatch: Patch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: DiskUsage(10**12, 0, 10**6))


def dead_mail_server(_app: Flask, _monkeypatch: Patch) -> None:
    add_mail(created_at=now() - HOUR)


def undeliverable_mail(_app: Flask, _monkeypatch: Patch) -> None:
    add_mail(failed_at=now() - HOUR)


def errors(app: Flask, monkeypatch: Patch) -> None:
    def fail() -> str:
        raise RuntimeError

    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "main.livez", fail)
    assert browser(app).get("/livez").status_code == 500


def restarted_worker(_app: Flask, _monkeypatch: Patch) -> None:
    restarts.record("worker")


@pytest.mark.parametrize(
    ("cause", "begin"),
    [
        ("backup", failed_backup),
        ("backup", overdue_backup),
        ("disk", full_disk),
        ("mail server", dead_mail_server),
        ("undeliverable mail", undeliverable_mail),
        ("errors", errors),
        ("restarts", restarted_worker),
    ],
)
def test_each_cause_is_told(
    app: Flask, monkeypatch: Patch, cause: str, begin: Callable[[Flask, Patch], None]
) -> None:
    assert told(app) == set()
    begin(app, monkeypatch)
    assert told(app) == {cause}
    assert told(app) == set()


@pytest.mark.parametrize("event", [server_errors, restarts])
def test_errors_and_restarts_are_resolved_after_an_hour(
    app: Flask, monkeypatch: Patch, event: recent_events.RecentEvents
) -> None:
    event.record("web")
    assert len(told(app)) == 1
    later: datetime = now() + HOUR
    monkeypatch.setattr(recent_events, "now", lambda: later)
    assert len(told(app)) == 1
    assert outbox_rows()[-1].template == "alert_resolved"


def test_a_backup_that_succeeds_resolves_a_failed_one(
    app: Flask, client: object, monkeypatch: Patch
) -> None:
    failed_backup(app, monkeypatch)
    assert health.backup().state == "warning"
    assert client is not None
    monkeypatch.setattr(backups, "take_nightly", lambda: None)
    worker.take_backup.call_local()
    assert not failures.has_failed_backup()
    assert health.backup().state == "ok"


def test_a_site_without_backups_and_one_before_its_first_are_not_told(
    app: Flask, tmp_path: Path, monkeypatch: Patch
) -> None:
    for folder in (None, tmp_path / "empty"):
        monkeypatch.setitem(app.config, "BACKUP_FOLDER", folder)
        assert told(app) == set()


def test_an_undeliverable_alert_causes_no_other(app: Flask) -> None:
    mail = Mail.to("author@example.org", "alert", cause="disk", told="", remedy="")
    mail.failed_at = now()
    db.session.add(mail)
    db.session.commit()
    assert told(app) == set()


def test_a_check_that_fails_leaves_the_others(site: Site, monkeypatch: Patch, author: User) -> None:
    def fail() -> Finding:
        db.session.execute(select(User.username.op("no such operator")(1)))
        return ok("")

    assert author.is_admin
    monkeypatch.setattr(alerts, "CAUSES", {"backup": fail} | alerts.CAUSES)
    assert site.alerts_after(HOUR, has_problem=True) == ["alert"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"MAIL_SERVER": "mail.example.org"}, True),
        ({"MAIL_SERVER": "mail.example.org", "ALERTS": "false"}, False),
        ({"ALERTS": "true"}, True),
    ],
)
def test_alerts_are_on_by_default_with_a_mail_server(
    database_url: str, settings: dict[str, str], expected: bool
) -> None:
    assert make_app(database_url, **settings).config["ALERTS"] is expected
