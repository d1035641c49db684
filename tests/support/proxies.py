"""nginx and Caddy with the shipped configuration, and the site behind them."""

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import PROJECT, TIMEOUT, RunningProcess, free_port, started
from tests.support.tools import tool


class Proxy(ABC):
    """A proxy at `port` with a site at `back`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.back = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "PORT": str(self.back), "SITE_URL": self.address, "TRUSTED_PROXIES": "1",
            "SECRET_KEY": "a key that this site shares with its tests",
            "DATABASE_URL": f"sqlite:///{self.folder / 'own.db'}",
            "MEDIA_FOLDER": str(self.folder / "media"),
        }  # fmt: skip

    @abstractmethod
    def command(self) -> list[str]:
        """Write the shipped configuration with this proxy's ports; return what runs it."""

    def adapted(self, shipped: str, changes: dict[str, str]) -> str:
        text = (PROJECT / "deploy" / shipped).read_text()
        for there, here in {"127.0.0.1:5000": f"127.0.0.1:{self.back}", **changes}.items():
            assert there in text
            text = text.replace(there, here)
        return text


class Nginx(Proxy):
    def command(self) -> list[str]:
        changes = {
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "/var/log/nginx/flaskblog.log": f"{self.folder}/access.log",
        }
        user = "user root;" if os.geteuid() == 0 else ""
        path = self.folder / "nginx.conf"
        path.write_text(
            f"{user} daemon off; pid {self.folder}/pid; error_log stderr; events {{}}\n"
            f"http {{ include /etc/nginx/mime.types;\n{self.adapted('nginx.conf', changes)}}}\n"
        )
        program = tool("nginx", package="nginx-light")
        return [program, "-c", str(path), "-p", str(self.folder), "-e", "stderr"]


class Caddy(Proxy):
    def command(self) -> list[str]:
        program = tool("caddy", package="caddy")
        local = "admin off\n\tauto_https off\n\tdefault_bind 127.0.0.1"
        changes = {
            "blog.example.org {": f"{self.address} {{",
            "\tservers {": f"\t{local}\n\tservers {{",
        }
        if _is_old(program):
            changes["request_buffers 10MB"] = "buffer_requests\n\t\tmax_buffer_size 10MB"
        path = self.folder / "Caddyfile"
        path.write_text(self.adapted("Caddyfile", changes))
        return [program, "run", "--adapter", "caddyfile", "--config", str(path)]


def _is_old(caddy: str) -> bool:
    """Whether it is the version of Debian 12, which has another name for one setting."""
    version = subprocess.run([caddy, "version"], capture_output=True, text=True, check=True).stdout
    return version.removeprefix("v").startswith(("2.4.", "2.5.", "2.6."))


@contextmanager
def running(proxy: Proxy) -> Iterator[RunningProcess]:
    """Run the proxy and a migrated site; yield the site."""
    folder = proxy.folder
    command = proxy.command()
    upgrade = ["flask", "--app", "run", "db", "upgrade"]
    with started(upgrade, folder / "upgrade.txt", proxy.settings) as upgrading:
        assert upgrading.process.wait(TIMEOUT) == 0, upgrading.output
    site = [sys.executable, "run.py"]
    own_files = dict.fromkeys(["XDG_CONFIG_HOME", "XDG_DATA_HOME"], str(folder))
    with (
        started(
            command,
            folder / "proxy.txt",
            own_files,
        ),
        started(site, folder / "site.txt", proxy.settings) as live,
    ):
        live.address()
        yield live
