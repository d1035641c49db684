"""The marker of an upgrade: a file that names its step and its backup until it is complete."""

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from flask import current_app

from flaskblog.extensions import db

MIGRATING = "migrating"
ROLLING_BACK = "rolling back"


@dataclass(frozen=True)
class Marker:
    """`fingerprint` is that of the schema before the upgrade to the revision `target`."""

    step: str
    backup: str
    target: str
    fingerprint: dict[str, list[str]]

    def write(self) -> None:
        part = path().with_suffix(".part")
        with part.open("w") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path())
        sync_folder(path().parent)


def read() -> Marker | None:
    try:
        return Marker(**json.loads(path().read_text()))
    except FileNotFoundError:
        return None


def remove() -> None:
    path().unlink(missing_ok=True)
    sync_folder(path().parent)


def path() -> Path:
    """Beside a SQLite file; in `instance/` for a database on a server."""
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        return Path(f"{url.database}.upgrade")
    Path(current_app.instance_path).mkdir(exist_ok=True)
    digest = sha256(url.render_as_string().encode()).hexdigest()
    return Path(current_app.instance_path, f"{url.database}-{digest[:8]}.upgrade")


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
