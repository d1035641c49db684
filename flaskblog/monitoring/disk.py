"""Directories of this machine that hold data."""

from pathlib import Path

from flask import current_app
from sqlalchemy.engine import make_url


def data_dirs() -> set[Path]:
    """Return the local data directories, or the nearest existing parent of each."""
    folders = {Path(current_app.instance_path)}
    if not current_app.config["MEDIA_URL"]:
        folders.add(Path(current_app.config["MEDIA_FOLDER"]))
    if current_app.config["BACKUP_FOLDER"]:
        folders.add(current_app.config["BACKUP_FOLDER"])
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() == "sqlite" and url.database:
        folders.add(Path(current_app.instance_path, url.database).parent)
    return {next(path for path in (folder, *folder.parents) if path.exists()) for folder in folders}
