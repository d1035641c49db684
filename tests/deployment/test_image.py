"""The image of the Dockerfile, built by buildah on a base made by debootstrap, without a registry.

It takes minutes, so only `make test-image` runs it.
"""

import json
import os
import re
import subprocess
import sys
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import urlopen

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from tests.support.processes import PROJECT, environment, free_port, started
from tests.support.tools import optional_tool

BASE_PACKAGES = "python3,python3-venv,ca-certificates"
BUCKET = "pictures-of-the-image"
KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
SAVE_A_PICTURE = """
from run import app
from flaskblog.media import pictures
with app.app_context():
    name = pictures.save(b"a picture")
    assert [*pictures.store().names()] == [name]
"""

pytestmark = [
    pytest.mark.image,
    pytest.mark.xdist_group("image"),
    pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap and buildah need root here"),
]


class Buildah:
    """Images and containers in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.command = [
            optional_tool("buildah", package="buildah"),
            "--root", str(folder / "images"), "--runroot", str(folder / "run"),
        ]  # fmt: skip
        self.environment = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}

    def __call__(self, *arguments: str) -> str:
        done = self.call(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.command, *arguments],
            env=environment() | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


class Container:
    """A container of the built image, and what the image says of itself."""

    def __init__(self, buildah: Buildah, image: str) -> None:
        self.buildah = buildah
        self.name = buildah("from", "--pull-never", image)
        inspected: dict[str, Any] = json.loads(buildah("inspect", self.name))
        self.config = inspected["Docker"]["config"]

    def arguments(self, command: list[str], settings: dict[str, str]) -> list[str]:
        given = [f"--env={name}={value}" for name, value in settings.items()]
        return ["run", *given, self.name, "--", *command]

    def run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.buildah.call(*self.arguments([*command], settings))


@pytest.fixture(scope="module")
def buildah() -> Iterator[Buildah]:
    with TemporaryDirectory() as folder:
        buildah = Buildah(Path(folder))
        yield buildah
        buildah("rm", "--all")


@pytest.fixture(scope="module")
def container(buildah: Buildah, tmp_path_factory: pytest.TempPathFactory) -> Container:
    folder = tmp_path_factory.mktemp("image")
    make_base(buildah, re.findall(r"^FROM (\S+)", (PROJECT / "Dockerfile").read_text(), re.M))
    (folder / "pip.conf").write_text(pip_configuration())
    mounts = [f"{folder}/pip.conf:/etc/pip.conf:ro", "/etc/ssl/certs:/etc/ssl/certs:ro"]
    buildah(
        "bud", "--pull-never", "--format=docker", "--tag=flaskblog",
        *(f"--volume={mount}" for mount in mounts),
        str(PROJECT),
    )  # fmt: skip
    return Container(buildah, "localhost/flaskblog")


def make_base(buildah: Buildah, names: list[str]) -> None:
    """Commit a Debian with Python under the names of the base images."""
    debootstrap = optional_tool("debootstrap", package="debootstrap")
    with TemporaryDirectory() as folder:
        make = [debootstrap, "--variant=minbase", f"--include={BASE_PACKAGES}", "bookworm", folder]
        done = subprocess.run(make, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        base = buildah("from", "scratch")
        buildah("add", "--quiet", base, folder, "/")
    for name in set(names):
        buildah("commit", "--quiet", base, f"docker.io/library/{name}")
    buildah("rm", base)


def pip_configuration() -> str:
    """Return how pip reaches the packages here, from its files and environment."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = ["[global]"]
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        if not name.endswith((".find-links", ".config-file")):  # folders of this machine
            lines.append(f"{name.rpartition('.')[2]} = {literal_eval(value)}")
    return "\n".join(dict.fromkeys(lines))


def test_the_image_serves_the_site_with_its_default_command(
    container: Container, tmp_path: Path
) -> None:
    port = str(free_port())
    health_check = container.config["Healthcheck"]["Test"]
    assert health_check[0] == "CMD"
    assert container.run(*health_check[1:], PORT=port).returncode != 0
    settings = {"HOST": "127.0.0.1", "PORT": port}
    command = [
        *container.buildah.command,
        *container.arguments(container.config["Cmd"], settings),
    ]
    with started(command, tmp_path / "site.txt", container.buildah.environment) as live:
        address = live.address()
        assert address == f"http://127.0.0.1:{port}"
        for path in ("/", "/static/style.css", "/readyz"):
            with urlopen(address + path) as answer:
                assert answer.status == 200
        assert container.run(*health_check[1:], PORT=port).returncode == 0


def test_the_image_runs_as_a_user_who_may_write_data_only(container: Container) -> None:
    assert container.run("id", "-u").stdout.strip() == "10001"
    for folder, writable in {"instance": 0, "backups": 0, ".": 1, "flaskblog": 1}.items():
        assert container.run("test", "-w", folder).returncode == writable, folder
    assert container.run("python", "-m", "pip", "--version").returncode != 0


def test_the_image_migrates_and_backs_up(container: Container) -> None:
    for command in (["upgrade"], ["backup"]):
        folder = {"BACKUP_FOLDER": "/srv/flaskblog/backups"}
        done = container.run("flask", "--app", "run", *command, **folder)
        assert done.returncode == 0, done.stdout + done.stderr
    assert ".tar.gz" in container.run("ls", "/srv/flaskblog/backups").stdout


def test_the_image_keeps_pictures_in_a_bucket(
    container: Container, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        access = KEYS | {"AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port())}
        for name, value in access.items():
            monkeypatch.setenv(name, value)
        S3FileSystem.clear_instance_cache()
        S3FileSystem().mkdir(BUCKET)
        settings = access | {"MEDIA_URL": f"s3://{BUCKET}"}
        done = container.run("python", "-c", SAVE_A_PICTURE, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(S3FileSystem().find(BUCKET)) == 1
    finally:
        S3FileSystem.clear_instance_cache()
        server.stop()
