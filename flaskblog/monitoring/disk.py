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
    if database := sqlite_file():
        folders.add(database.parent)
    return {next(path for path in (folder, *folder.parents) if path.exists()) for folder in folders}


def private_files() -> list[tuple[Path, str]]:
    """Return folder and pattern of the files that hold data or keys."""
    instance = Path(current_app.instance_path)
    patterns = [
        (instance, "secret_key*"), (instance / "backups", "*.tar.gz"), (instance / "mail", "*")
    ]  # fmt: skip
    if current_app.config["BACKUP_FOLDER"]:
        patterns.append((current_app.config["BACKUP_FOLDER"], "*.tar.gz"))
    if database := sqlite_file():
        patterns.append((database.parent, f"{database.stem}*.db*"))
    return patterns


def sqlite_file() -> Path | None:
    """Return the path of the database, or None if it is not SQLite."""
    url = make_url(current_app.config["SQLALCHEMY_DATABASE_URI"])
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return Path(current_app.instance_path, url.database)
