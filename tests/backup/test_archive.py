"""Archives that are damaged, unknown or malicious."""

import gzip
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flaskblog.backup import backups
from flaskblog.backup.archive import DATABASE, HEADER_LIMIT, MANIFEST, MANIFEST_LIMIT
from tests.support.backup_site import repack, titles
from tests.support.commands import run_command

OTHER_PICTURE = "b" * 32 + ".webp"


def manifest(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        file = tar.extractfile(MANIFEST)
        assert file
        fields: dict[str, Any] = json.load(file)
        return fields


def change_manifest(archive: Path, **changed: object) -> None:
    """Repack an archive with other fields in its manifest."""
    data = json.dumps(manifest(archive) | changed).encode()
    repack(archive, MANIFEST, lambda _: data)


def refusal(site: Flask, archive: Path) -> str:
    """The one line that says why an archive was not restored."""
    refused = run_command(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert len(titles()) == 6
    [line] = refused.output.splitlines()
    return line


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": 2}, "A newer version of Flaskblog made this backup"),
        ({"revision": "9999"}, "A newer version of Flaskblog made this backup"),
        ({"tables": {"user": 1}}, "cannot be read"),
        ({"pictures": {}}, "Its pictures differ"),
        ({"counters": {"post": "many"}}, "cannot be read"),
        ({"tables": {}}, "Its manifest and its revision have different tables: 'alembic_version'"),
    ],
)
def test_a_newer_or_inconsistent_archive_is_refused(
    site: Flask, archive: Path, changed: dict[str, object], message: str
) -> None:
    backups.take(archive)
    change_manifest(archive, **changed)
    assert message in refusal(site, archive)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_the_manifest_lists_all_tables_and_no_other(site: Flask, archive: Path) -> None:
    backups.take(archive)
    tables = manifest(archive)["tables"]
    user = tables["user"]
    for changed in (
        {name: table for name, table in tables.items() if name != "user"},
        tables | {"sqlite_master": user},
        tables | {"user": user | {"columns": []}},
        tables | {"user": user | {"columns": [*user["columns"], "secret"]}},
    ):
        change_manifest(archive, tables=changed)
        assert "Its manifest " in refusal(site, archive)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_deeply_nested_manifest_is_refused(site: Flask, archive: Path) -> None:
    backups.take(archive)
    repack(archive, MANIFEST, lambda _: b"[" * 200_000 + b"]" * 200_000)
    assert "manifest.json cannot be read" in refusal(site, archive)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "kind", "size", "message"),
    [
        (MANIFEST, tarfile.REGTYPE, MANIFEST_LIMIT + 1, "manifest.json is larger than 64.0 MiB"),
        (DATABASE, tarfile.REGTYPE, 10**15, "It needs 1.0 PB of free space"),
        ("header", tarfile.XHDTYPE, 10 * HEADER_LIMIT, "It unpacks to more than"),
        (DATABASE, tarfile.REGTYPE, 0, "It unpacks to more than"),
    ],
    ids=["manifest", "database", "tar header", "after the end"],
)
def test_nothing_is_unpacked_that_is_too_large(
    site: Flask, archive: Path, name: str, kind: bytes, size: int, message: str
) -> None:
    """The archives hold a few megabytes, of which none may be read when the size is refused."""
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    with gzip.open(archive, "wb", compresslevel=1) as file:
        file.write(member.tobuf())
        file.write(bytes(3 * HEADER_LIMIT))
    assert message in refusal(site, archive)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damaged", [-8, -4], ids=["checksum", "length"])
def test_the_end_of_the_file_is_checked(site: Flask, archive: Path, damaged: int) -> None:
    backups.take(archive)
    data = bytearray(archive.read_bytes())
    data[damaged] ^= 1
    archive.write_bytes(data)
    assert "It cannot be read: " in refusal(site, archive)
    archive.write_bytes(data[:damaged])
    assert "It cannot be read: " in refusal(site, archive)


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("/tmp/escaped", tarfile.REGTYPE),
        ("media/../../escaped", tarfile.REGTYPE),
        (f"media/{OTHER_PICTURE}", tarfile.SYMTYPE),
        ("media", tarfile.DIRTYPE),
    ],
)
def test_an_archive_cannot_write_outside_its_folder(
    site: Flask, archive: Path, name: str, kind: bytes
) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member, BytesIO())
    refused = run_command(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert "Error: Nothing was restored. It contains" in refused.output
    assert not list(archive.parent.rglob("escaped"))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
def test_a_truncated_archive_is_refused(site: Flask, archive: Path) -> None:
    backups.take(archive)
    archive.write_bytes(archive.read_bytes()[:-5000])
    refused = run_command(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert "Nothing was restored. It cannot be read" in refused.output
