"""The API from outside: by the tour in the docs, by a client and a checker nobody here wrote."""

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.live import environment

CHECKER = {
    "username": "checker",
    "email": "checker@example.org",
    "password": "a few words in a row",
}


def call(address: str, body: dict[str, str]) -> Any:
    headers = {"Content-Type": "application/json"}
    request = Request(address, json.dumps(body).encode(), headers, method="POST")
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_the_tour_in_the_docs_works(live_api: str, project: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (project / "docs" / "api.md").read_text(), re.DOTALL)
    assert len(blocks) > 5
    script = "set -euo pipefail\n" + "\n".join(blocks)
    run = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment() | {"SITE": live_api},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("with_token", [False, True], ids=["without a token", "with a token"])
def test_a_checker_finds_no_fault(live_api: str, tmp_path: Path, with_token: bool) -> None:
    """Without a token, schemathesis signs up by itself and also tries how sessions and people end.

    With one it does not, or nothing after that would be allowed any more.
    """
    (tmp_path / "schemathesis.toml").touch()
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "run", f"{live_api}/openapi.json",
        "--checks", "all", "--max-examples", "2", "--seed", "1", "--no-color",
    ]  # fmt: skip
    if with_token:
        call(f"{live_api}/api/users", CHECKER)
        login = {"email": CHECKER["username"], "password": CHECKER["password"]}
        token = call(f"{live_api}/api/login", login)["access_token"]
        command += ["--header", f"Authorization: Bearer {token}"]
        command += ["--exclude-operation-id", "logOut", "--exclude-operation-id", "deleteUser"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"[1-9][0-9]+ generated, [0-9]+ passed", run.stdout), run.stdout


@pytest.fixture
def generated(live_api: str, tmp_path: Path) -> Callable[[str], Any]:
    """Modules of the client that openapi-python-client makes of the document."""
    command = [
        sys.executable, "-m", "openapi_python_client", "generate",
        "--url", f"{live_api}/openapi.json",
        "--output-path", str(tmp_path / "made_client"), "--meta", "none", "--fail-on-warning",
    ]  # fmt: skip
    run = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    sys.path.insert(0, str(tmp_path))

    def module(name: str) -> ModuleType:
        return importlib.import_module(f"made_client.{name}")

    return module


def test_a_client_that_a_machine_wrote_signs_up_writes_pages_and_deletes(
    live_api: str, generated: Callable[[str], Any]
) -> None:
    def call_by(client: Any, name: str, *path: int, **values: Any) -> Any:
        """The answer of one operation, and its status."""
        answer = generated(f"api.api.{name}").sync_detailed(*path, client=client, **values)
        return answer.parsed, answer.status_code

    models, clients = generated("models"), generated("client")
    words = [models.PostInput(title=f"Number {number}", content="*Words*.") for number in range(3)]
    password = "a few words in a row"
    newcomer = models.Registration(
        username="machine", email="machine@example.org", password=password
    )
    login = models.Login(email="machine", password=password)
    with clients.Client(base_url=live_api) as visitor:
        person, status = call_by(visitor, "create_user", body=newcomer)
        assert (person.username, status) == ("machine", HTTPStatus.CREATED)
        token, _ = call_by(visitor, "log_in", body=login)
        with clients.AuthenticatedClient(base_url=live_api, token=token.access_token) as member:
            written = [call_by(member, "create_post", body=body)[0].id for body in words]
            page, _ = call_by(visitor, "list_posts", author="machine", per_page=2)
            assert (page.total, page.pages) == (3, 2)
            rest, _ = call_by(visitor, "list_posts", author="machine", cursor=page.next_cursor)
            assert [post.id for post in page.posts + rest.posts] == written[::-1]
            change = models.PartialPostInput(title="Changed")
            changed, _ = call_by(member, "change_post", written[0], body=change)
            assert changed.title == "Changed"
            nothing = models.PartialPostInput(title="")
            refused, status = call_by(member, "change_post", written[0], body=nothing)
            assert status == HTTPStatus.UNPROCESSABLE_ENTITY
            assert "title" in refused.errors.additional_properties
            for number in written:
                assert call_by(member, "delete_post", number)[1] == HTTPStatus.NO_CONTENT
            assert call_by(member, "delete_user", person.id)[1] == HTTPStatus.NO_CONTENT
        assert call_by(visitor, "get_user", person.id)[1] == HTTPStatus.NOT_FOUND
