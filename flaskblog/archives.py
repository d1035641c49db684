"""The file that a backup is: the rows as a SQLite database, the pictures, and a list of both.

It is the same whatever engine it was made on, and ordinary programs open it: tar and sqlite3.
"""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Self

from flaskblog import media
from flaskblog.checksums import TableSum
from flaskblog.database import now
from flaskblog.transfer import Contents

FORMAT = 1
DATABASE = "database.sqlite"
MANIFEST = "manifest.json"
PICTURES = "media"
COMPRESSION = 3  # of 9: a third of the time of 6, for a file that is a tenth larger


class ArchiveError(Exception):
    """The file is no backup of ours, or not whole any more."""


@dataclass(frozen=True)
class Manifest:
    """What an archive holds; `pictures` has the SHA-256 of each under its name."""

    made_at: datetime
    contents: Contents
    pictures: dict[str, str]

    def written(self) -> bytes:
        return json.dumps(
            {
                "format": FORMAT,
                "made_at": self.made_at.isoformat(),
                "revision": self.contents.revision,
                "tables": {name: total._asdict() for name, total in self.contents.tables.items()},
                "counters": self.contents.counters,
                "pictures": self.pictures,
            },
            indent=1,
        ).encode()

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Raises `ArchiveError`."""
        try:
            told = json.loads(data)
            if told["format"] > FORMAT:
                raise ArchiveError("A newer version of Flaskblog made this backup.")
            tables = {
                name: TableSum(total["rows"], total["checksum"], tuple(total["columns"]))
                for name, total in told["tables"].items()
            }
            contents = Contents(told["revision"], tables, told["counters"])
            return cls(datetime.fromisoformat(told["made_at"]), contents, told["pictures"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ArchiveError(f"Its {MANIFEST} cannot be read.") from None


class Writer:
    """An archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.pictures: dict[str, str] = {}

    def add_pictures(self, store: media.Store) -> None:
        """Those that are not in yet; one that is taken away meanwhile is left out."""
        for name in sorted({*store.names()} - self.pictures.keys()):
            try:
                picture = store.read(name)
            except FileNotFoundError:
                continue
            self.pictures[name] = sha256(picture).hexdigest()
            self._add(f"{PICTURES}/{name}", picture)

    def add_database(self, path: Path) -> None:
        self._tar.add(path, DATABASE)

    def close(self, contents: Contents) -> None:
        self._add(MANIFEST, Manifest(now(), contents, self.pictures).written())

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mtime = now().timestamp()
        self._tar.addfile(member, io.BytesIO(data))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new archive that only its owner may read; on the disk when the block is left."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION) as tar:
            yield Writer(tar)
        file.flush()
        os.fsync(file.fileno())


def unpack(path: Path, folder: Path) -> Manifest:
    """Lay an archive's files into a folder, under names of ours; pictures are compared.

    Raises `ArchiveError`, also for anything that no backup of ours holds.
    """
    (folder / PICTURES).mkdir(parents=True)
    found: dict[str, str] = {}
    manifest = None
    try:
        with tarfile.open(path, mode="r|gz") as tar:
            for member in tar:
                data = tar.extractfile(member) if member.isfile() else None
                picture = member.name.removeprefix(f"{PICTURES}/")
                if data is None:
                    raise ArchiveError(f"It holds {member.name!r}, which is no file.")
                if member.name == MANIFEST:
                    manifest = Manifest.read(data.read())
                elif member.name == DATABASE:
                    _write(folder / DATABASE, data)
                elif media.NAME.fullmatch(picture):
                    found[picture] = _write(folder / PICTURES / picture, data)
                else:
                    raise ArchiveError(f"It holds {member.name!r}, which no backup of ours does.")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"It cannot be read: {error}") from None
    if manifest is None or not (folder / DATABASE).exists():
        raise ArchiveError(f"It holds no {MANIFEST} or no {DATABASE}.")
    if found != manifest.pictures:
        raise ArchiveError("Its pictures are not those that it was made with.")
    return manifest


def _write(path: Path, data: IO[bytes]) -> str:
    digest = sha256()
    with path.open("xb") as file:
        while chunk := data.read(1024 * 1024):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
