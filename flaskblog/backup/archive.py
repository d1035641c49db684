"""The archive format: a gzipped tar of a SQLite database, the pictures, and a manifest.

It is the same for every engine, and `tar` and `sqlite3` open it.
"""

import gzip
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Self

from humanize import naturalsize

from flaskblog.backup import space
from flaskblog.backup.checksums import TableChecksum
from flaskblog.backup.errors import ArchiveError
from flaskblog.backup.transfer import Snapshot
from flaskblog.database.base import now
from flaskblog.media.store import NAME, Store

FORMAT = 1
DATABASE = "database.sqlite"
MANIFEST = "manifest.json"
PICTURES = "media"
MANIFEST_LIMIT = 64 * 1024**2  # bytes; a picture takes a hundred
# Bytes of tar headers before a file, and of padding after the last one.
HEADER_LIMIT = 1024**2
CHUNK = 1024**2
COMPRESSION_LEVEL = 3  # a third of the time of level 6, for a file that is a tenth larger


@dataclass(frozen=True)
class Manifest:
    """The content of an archive; `pictures` maps names to SHA-256 digests."""

    made_at: datetime
    snapshot: Snapshot
    pictures: dict[str, str]

    def to_json(self) -> bytes:
        return json.dumps(
            {
                "format": FORMAT,
                "made_at": self.made_at.isoformat(),
                "revision": self.snapshot.revision,
                "tables": {name: table._asdict() for name, table in self.snapshot.tables.items()},
                "counters": self.snapshot.counters,
                "pictures": self.pictures,
            },
            indent=1,
        ).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Raises `ArchiveError`."""
        try:
            fields = json.loads(data)
            if fields["format"] > FORMAT:
                raise ArchiveError("A newer version of Flaskblog made this backup.")
            tables = {
                name: TableChecksum(table["rows"], table["checksum"], tuple(table["columns"]))
                for name, table in fields["tables"].items()
            }
            counters = {name: int(number) for name, number in fields["counters"].items()}
            snapshot = Snapshot(str(fields["revision"]), tables, counters)
            return cls(datetime.fromisoformat(fields["made_at"]), snapshot, fields["pictures"])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise ArchiveError(f"Its {MANIFEST} cannot be read.") from None


class ArchiveWriter:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.pictures: dict[str, str] = {}

    def add_pictures(self, store: Store) -> None:
        """Add the pictures that are not in the archive yet and that can still be read."""
        for name in sorted({*store.names()} - self.pictures.keys()):
            try:
                picture = store.read(name)
            except FileNotFoundError:
                continue
            self.pictures[name] = sha256(picture).hexdigest()
            self._add(f"{PICTURES}/{name}", picture)

    def add_database(self, path: Path) -> None:
        self._tar.add(path, DATABASE)

    def add_manifest(self, snapshot: Snapshot) -> None:
        self._add(MANIFEST, Manifest(now(), snapshot, self.pictures).to_json())

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mtime = now().timestamp()
        self._tar.addfile(member, io.BytesIO(data))


@contextmanager
def create(path: Path) -> Iterator[ArchiveWriter]:
    """Write a new archive that only its owner may read, and sync it to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=COMPRESSION_LEVEL) as tar:
            yield ArchiveWriter(tar)
        file.flush()
        os.fsync(file.fileno())


def unpack(path: Path, folder: Path) -> Manifest:
    """Extract an archive, compare its pictures with the manifest, and return the manifest.

    Raises `ArchiveError`, also when the archive has a member of any other name or type.
    """
    (folder / PICTURES).mkdir(parents=True)
    pictures: dict[str, str] = {}
    try:
        with gzip.open(path) as file:
            _unpack_files(_LimitedReader(file), folder, pictures)
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError) as error:
        raise ArchiveError(f"It cannot be read: {error}") from None
    if not (folder / MANIFEST).exists() or not (folder / DATABASE).exists():
        raise ArchiveError(f"It has no {MANIFEST} or no {DATABASE}.")
    manifest = Manifest.from_json((folder / MANIFEST).read_bytes())
    if pictures != manifest.pictures:
        raise ArchiveError("Its pictures differ from those in its manifest.")
    return manifest


class _LimitedReader(io.BufferedIOBase):
    """Reads no more than is allowed: a small file may unpack to terabytes."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self.allowed = HEADER_LIMIT

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._file.read(size)
        self.allowed -= len(data)
        if self.allowed < 0:
            raise ArchiveError("It unpacks to more than the files that it names.")
        return data


def _unpack_files(reader: _LimitedReader, folder: Path, pictures: dict[str, str]) -> None:
    with tarfile.open(fileobj=reader, mode="r|") as tar:
        for member in tar:
            reader.allowed = member.size + HEADER_LIMIT
            _extract(tar, member, folder, pictures)
            reader.allowed = HEADER_LIMIT
    while reader.read(CHUNK):
        pass  # to the checksum at the end


def _extract(
    tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, pictures: dict[str, str]
) -> None:
    """Write one member under a name of ours, and note the digest of a picture."""
    data = tar.extractfile(member) if member.isfile() else None
    picture = member.name.removeprefix(f"{PICTURES}/")
    if data is None:
        raise ArchiveError(f"It contains {member.name!r}, which is not a file.")
    if member.name == MANIFEST and member.size > MANIFEST_LIMIT:
        raise ArchiveError(f"Its {MANIFEST} is larger than {naturalsize(MANIFEST_LIMIT, True)}.")
    space.require(member.size, folder)
    if member.name in {MANIFEST, DATABASE}:
        _write(folder / member.name, data)
    elif NAME.fullmatch(picture):
        pictures[picture] = _write(folder / PICTURES / picture, data)
    else:
        raise ArchiveError(f"It contains an unknown file, {member.name!r}.")


def _write(path: Path, data: IO[bytes]) -> str:
    """Return the SHA-256 of what is written."""
    digest = sha256()
    with path.open("xb") as file:
        while chunk := data.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()
