"""deploy/install.sh and the systemd units that it installs."""

import shutil
import subprocess
import sys
from os import utime
from pathlib import Path

import pytest

from tests.support.processes import PROJECT, environment
from tests.support.tools import tool

PROGRAM = ["config.py", "run.py", "requirements.txt", "Makefile", ".env.example"]
UNITS = ["flaskblog", "flaskblog-worker"]
SITE = "https://blog.example.org"
KEY = "k" * 48

pytestmark = pytest.mark.server


class Installation:
    """A checkout, and the folder that stands for the root of a machine."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.system = folder / "checkout", folder / "system"
        ignored = shutil.ignore_patterns("__pycache__")
        for name in ("flaskblog", "deploy"):
            shutil.copytree(PROJECT / name, self.checkout / name, ignore=ignored)
        for name in PROGRAM:
            shutil.copy(PROJECT / name, self.checkout)
        # The packages of these tests are older than the copy, and need not be installed again.
        utime(self.checkout / "requirements.txt", (0, 0))
        (self.checkout / ".venv").symlink_to(sys.prefix)

    def install(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.checkout / "deploy/install.sh"), *arguments],
            env=environment() | {"DESTDIR": str(self.system)},
            capture_output=True,
            text=True,
            check=False,
        )

    def unit(self, name: str) -> Path:
        return self.system / f"etc/systemd/system/{name}.service"

    def writable_folders(self, name: str) -> set[str]:
        lines = self.unit(name).read_text().splitlines()
        (paths,) = (line for line in lines if line.startswith("ReadWritePaths="))
        return {path.strip('"-') for path in paths.partition("=")[2].split()}

    def snapshot(self) -> dict[Path, tuple[int, int, bytes]]:
        """Mode, time of the last change and content of everything."""
        files = {}
        for top in (self.checkout, self.system):
            for path in top.rglob("*"):
                stat = path.lstat()
                content = path.read_bytes() if path.is_file() else b""
                files[path] = (stat.st_mode, stat.st_mtime_ns, content)
        return files


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with the default settings, which its tests do not change."""
    installation = Installation(tmp_path_factory.mktemp("installed"))
    done = installation.install(SITE)
    assert (done.returncode, done.stderr) == (0, "")
    return installation


def test_installing_twice_changes_nothing(installed: Installation) -> None:
    after = installed.snapshot()
    second = installed.install(SITE)
    assert (second.returncode, second.stderr) == (0, "")
    assert installed.snapshot() == after


def test_a_new_site_gets_production_settings_with_a_key_of_its_own(
    installed: Installation, installation: Installation
) -> None:
    settings = installed.checkout / ".env"
    lines = [line for line in settings.read_text().splitlines() if line[0] != "#"]
    given = dict(line.split("=", 1) for line in lines)
    key = given.pop("SECRET_KEY")
    assert len(key) >= 48
    assert given == {
        "FLASKBLOG_ENV": "production",
        "SITE_URL": SITE,
        "TRUSTED_PROXIES": "1",
        "BACKUP_FOLDER": "/var/backups/flaskblog",
    }
    assert settings.stat().st_mode & 0o007 == 0
    assert installation.install(SITE).returncode == 0
    assert key not in (installation.checkout / ".env").read_text()


def test_services_may_write_data_and_backups_only(installed: Installation) -> None:
    backups = "/var/backups/flaskblog"
    for name in UNITS:
        assert installed.writable_folders(name) == {f"{installed.checkout}/instance", backups}
        unit = installed.unit(name).read_text()
        assert f"WorkingDirectory={installed.checkout}\n" in unit
        assert "/srv/flaskblog" not in unit
    assert (installed.checkout / "instance").is_dir()
    assert Path(f"{installed.system}{backups}").is_dir()


def test_the_shipped_units_may_write_the_default_folders() -> None:
    for name in UNITS:
        unit = (PROJECT / f"deploy/{name}.service").read_text()
        assert "ReadWritePaths=-/srv/flaskblog/instance -/var/backups/flaskblog\n" in unit


def test_existing_settings_are_kept_and_their_folders_are_writable(
    installation: Installation,
) -> None:
    settings = (
        f"FLASKBLOG_ENV=production\nSITE_URL={SITE}\nSECRET_KEY={KEY}\n"
        "BACKUP_FOLDER='/mnt/other disk/blog'\nMEDIA_FOLDER=/mnt/pictures\n"
        "DATABASE_URL=sqlite:////mnt/data/blog.db\nPORT=5001\n"
    )
    (installation.checkout / ".env").write_text(settings)
    done = installation.install("", "nginx")
    assert (done.returncode, done.stderr) == (0, "")
    assert (installation.checkout / ".env").read_text() == settings
    unit = installation.unit("flaskblog").read_text()
    for folder in ("/mnt/other disk/blog", "/mnt/pictures", "/mnt/data"):
        assert f'"-{folder}"' in unit
        assert Path(f"{installation.system}{folder}").is_dir()
    proxy = (installation.system / "etc/nginx/conf.d/flaskblog.conf").read_text()
    assert "server_name blog.example.org;" in proxy
    assert "server 127.0.0.1:5001;" in proxy


def test_another_proxy_configuration_is_kept(installation: Installation) -> None:
    folder = installation.system / "etc/caddy"
    folder.mkdir(parents=True)
    (folder / "Caddyfile").write_text(":80\n")
    assert installation.install(SITE, "caddy").returncode == 0
    assert (folder / "Caddyfile.before-flaskblog").read_text() == ":80\n"
    ours = (folder / "Caddyfile").read_text()
    assert f"\n{SITE} {{\n" in ours
    (folder / "Caddyfile").write_text(f"{ours}# edited\n")
    assert installation.install(SITE, "caddy").returncode == 0
    assert (folder / "Caddyfile").read_text() == f"{ours}# edited\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Name the address of the site"),
        (["blog.example.org"], "Name the address of the site"),
        ([SITE, "apache"], "nginx, caddy or none"),
    ],
)
def test_a_wrong_argument_is_told_before_anything_is_changed(
    installation: Installation, arguments: list[str], told: str
) -> None:
    before = installation.snapshot()
    done = installation.install(*arguments)
    assert done.returncode != 0
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert installation.snapshot() == before


def test_a_wrong_setting_is_named_and_no_unit_installed(installation: Installation) -> None:
    (installation.checkout / ".env").write_text("FLASKBLOG_ENV=production\nSECRET_KEY=short\n")
    done = installation.install()
    assert done.returncode != 0
    assert "SITE_URL" in done.stderr
    assert not installation.unit("flaskblog").exists()


def test_systemd_accepts_the_units(installed: Installation) -> None:
    systemd = tool("systemd-analyze", package="systemd")
    units = [str(installed.unit(name)) for name in UNITS]
    verify = [systemd, "verify", "--man=no", "--generators=no", "--recursive-errors=no", *units]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    # 0 to 100: the exposure of a service, 96 without any of the units' restrictions.
    for unit in units:
        security = [systemd, "security", "--offline=true", "--threshold=20", "--no-pager", unit]
        done = subprocess.run(security, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_shellcheck_finds_nothing() -> None:
    shellcheck = tool("shellcheck", package="shellcheck")
    scripts = [str(PROJECT / "deploy/install.sh"), str(PROJECT / ".ci/run")]
    done = subprocess.run([shellcheck, *scripts], capture_output=True, text=True, check=False)
    assert done.stdout == ""
