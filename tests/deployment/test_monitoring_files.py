"""deploy/alerts.yml and deploy/grafana.json: they name metrics that exist."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from flaskblog.extensions import queue
from flaskblog.monitoring import heartbeat, metrics
from tests.conftest import make_app
from tests.support.client import browser
from tests.support.factories import make_user
from tests.support.installation import make_backup
from tests.support.processes import PROJECT
from tests.support.tools import optional_tool

ALERTS = PROJECT / "deploy/alerts.yml"
DASHBOARD = PROJECT / "deploy/grafana.json"
SELECTOR = re.compile(r"(flaskblog_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Flask:
    """A site in which everything that is measured has happened once."""
    make_backup(tmp_path)
    return make_app(database_url, BACKUP_FOLDER=str(tmp_path))


@pytest.fixture
def exposed(site: Flask) -> dict[str, set[str]]:
    """The names of all samples, with their labels."""
    make_user("author")
    client = browser(site)
    assert client.submit("/login", email="author", password="wrong").status_code == 200
    samples: dict[str, set[str]] = {}
    with site.app_context():
        heartbeat.record()
        text = metrics.exposition().decode()
        queue.storage.flush_all()
    for family in text_string_to_metric_families(text):
        samples |= {sample.name: {*sample.labels} for sample in family.samples}
        samples.setdefault(family.name, set())
    for name, (_, label, _) in metrics.LABELLED_GAUGES.items():
        samples[f"flaskblog_{name}"] |= {label}  # without samples while nothing restarts
    return samples


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return listed


def test_every_metric_of_the_alerts_and_the_dashboard_exists(
    exposed: dict[str, set[str]],
) -> None:
    named = {
        name
        for file in (ALERTS, DASHBOARD)
        for name in re.findall(r"flaskblog_\w+", file.read_text())
    }
    assert len(named) > 15
    assert named - exposed.keys() == set()


def test_every_metric_has_a_panel(exposed: dict[str, set[str]]) -> None:
    shown = {name for name in exposed if name in DASHBOARD.read_text()}
    derived = {name for name in exposed if name.endswith("_created")}
    families = {
        re.sub(r"_(bucket|count|sum|total)$", "", name) for name in exposed.keys() - derived
    }
    assert {name for name in families if not any(s.startswith(name) for s in shown)} == set()


def test_every_label_that_is_shown_exists(exposed: dict[str, set[str]]) -> None:
    shown = [(rule["expr"], json.dumps(rule["annotations"])) for rule in rules()] + [
        (target["expr"], target["legendFormat"])
        for panel in panels()
        for target in panel["targets"]
    ]
    for expression, text in shown:
        labels = {"instance"}.union(
            *(exposed.get(m[1], set()) for m in SELECTOR.finditer(expression))
        )
        assert {*LABEL.findall(text)} - {"value"} <= labels, expression


def test_every_alert_says_how_urgent_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"].keys() == {"summary", "description"}


def test_the_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (column, row)
            for column in range(place["x"], place["x"] + place["w"])
            for row in range(place["y"], place["y"] + place["h"])
        }
        assert max(column for column, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


@pytest.mark.server
def test_prometheus_accepts_the_alerts() -> None:
    promtool = optional_tool("promtool", package="prometheus")
    check = [promtool, "check", "rules", str(ALERTS)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.server
def test_prometheus_accepts_the_expressions_of_the_dashboard(tmp_path: Path) -> None:
    promtool = optional_tool("promtool", package="prometheus")
    expressions = [target["expr"] for panel in panels() for target in panel["targets"]]
    records = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": records}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
