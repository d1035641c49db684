"""The API of a running site: examples of the docs, schemathesis and a generated client."""

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

from tests.support.processes import environment

pytestmark = pytest.mark.server

ACCOUNT = {
    "username": "checker",
    "email": "checker@example.org",
    "password": "a few words in a row",
}


def call(address: str, body: dict[str, str]) -> Any:
    headers = {"Content-Type": "application/json"}
    request = Request(address, json.dumps(body).encode(), headers, method="POST")
    with urlopen(request, timeout=30) as response:
        return json.load(response)


def test_the_examples_in_the_docs_work(live_api: str, project: Path, tmp_path: Path) -> None:
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
def test_schemathesis_finds_no_errors(live_api: str, tmp_path: Path, with_token: bool) -> None:
    """Without a token, schemathesis signs up by itself and also logs out and deletes accounts.

    With one it does not, as all later requests would be unauthorized. The document does not
    describe every rule (a title of spaces alone is rejected): valid data may get a 422.
    """
    (tmp_path / "schemathesis.toml").touch()
    command = [
        sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
        "run", f"{live_api}/openapi.json",
        "--checks", "all", "--exclude-checks", "positive_data_acceptance",
        "--max-examples", "2", "--seed", "1", "--no-color",
    ]  # fmt: skip
    if with_token:
        call(f"{live_api}/api/users", ACCOUNT)
        login = {"email": ACCOUNT["username"], "password": ACCOUNT["password"]}
        token = call(f"{live_api}/api/login", login)["access_token"]
        command += ["--header", f"Authorization: Bearer {token}"]
        command += ["--exclude-operation-id", "logOut", "--exclude-operation-id", "deleteUser"]
    run = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"[1-9][0-9]+ generated, [0-9]+ passed", run.stdout), run.stdout


@pytest.fixture
def generated_module(live_api: str, tmp_path: Path) -> Callable[[str], Any]:
    """Import modules of the client that openapi-python-client generates from the document."""
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


def test_a_generated_client_can_use_every_operation(
    live_api: str, generated_module: Callable[[str], Any]
) -> None:
    def call_operation(client: Any, name: str, *path: int, **values: Any) -> Any:
        """The parsed response of an operation, and its status."""
        response = generated_module(f"api.api.{name}").sync_detailed(*path, client=client, **values)
        return response.parsed, response.status_code

    models, clients = generated_module("models"), generated_module("client")
    bodies = [models.PostInput(title=f"Number {n}", content="*Words*.") for n in range(3)]
    password = "a few words in a row"
    registration = models.Registration(
        username="machine", email="machine@example.org", password=password
    )
    login = models.Login(email="machine", password=password)
    with clients.Client(base_url=live_api) as anonymous:
        user, status = call_operation(anonymous, "create_user", body=registration)
        assert (user.username, status) == ("machine", HTTPStatus.CREATED)
        token, _ = call_operation(anonymous, "log_in", body=login)
        with clients.AuthenticatedClient(base_url=live_api, token=token.access_token) as member:
            post_ids = [call_operation(member, "create_post", body=body)[0].id for body in bodies]
            page, _ = call_operation(anonymous, "list_posts", author="machine", per_page=2)
            assert (page.total, page.pages) == (3, 2)
            next_page, _ = call_operation(
                anonymous, "list_posts", author="machine", cursor=page.next_cursor
            )
            assert [post.id for post in page.posts + next_page.posts] == post_ids[::-1]
            change = models.PartialPostInput(title="Changed")
            changed, _ = call_operation(member, "change_post", post_ids[0], body=change)
            assert changed.title == "Changed"
            blank = models.PartialPostInput(title="")
            rejected, status = call_operation(member, "change_post", post_ids[0], body=blank)
            assert status == HTTPStatus.UNPROCESSABLE_ENTITY
            assert "title" in rejected.errors.additional_properties
            deletion = models.UserDeletion(current_password=password)
            for post_id in post_ids:
                assert call_operation(member, "delete_post", post_id)[1] == HTTPStatus.NO_CONTENT
            _, status = call_operation(member, "delete_user", user.id, body=deletion)
            assert status == HTTPStatus.NO_CONTENT
        assert call_operation(anonymous, "get_user", user.id)[1] == HTTPStatus.NOT_FOUND
