"""Every page in every state is valid HTML for html-validate and the W3C's vnu."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.shown_site import Shown


@pytest.fixture(scope="module")
def pages(states: dict[str, Shown], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each state."""
    folder = tmp_path_factory.mktemp("pages")
    for name, shown in states.items():
        (folder / f"{name.replace(' ', '-').replace(':', '')}.html").write_text(shown.html)
    return folder


def test_html_validate_finds_no_error(pages: Path, node_modules: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = subprocess.run(
        [
            node_modules / ".bin" / "html-validate",
            f"--config={Path(__file__).parent / '.htmlvalidate.json'}",
            f"--formatter=json={report}",
            f"{pages}/*.html",
        ],
        cwd=pages,
        capture_output=True,
        text=True,
        check=False,
    )
    files = json.loads(report.read_text())
    found = {
        f"{Path(file['filePath']).stem}, line {message['line']}: {message['message']}"
        for file in files
        for message in file["messages"]
    }
    assert found == set()
    assert result.returncode == 0, result.stderr


def test_vnu_finds_no_error(pages: Path, node_modules: Path) -> None:
    java = shutil.which("java")
    if java is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("there is no java; on Debian: apt install default-jre-headless")
    jar = node_modules / "vnu-jar" / "build" / "dist" / "vnu.jar"
    result = subprocess.run(
        [str(java), "-jar", jar, "--format", "json", *sorted(pages.glob("*.html"))],
        capture_output=True,
        text=True,
        check=False,
    )
    messages = json.loads(result.stderr)["messages"]
    found = {
        f"{Path(each['url']).stem}, line {each['lastLine']}: {each['message']}" for each in messages
    }
    assert found == set()
