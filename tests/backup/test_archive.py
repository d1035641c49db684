"""Archives that are damaged, unknown or malicious."""

import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from flaskblog.backup import backups
from flaskblog.backup.archive import MANIFEST
from tests.support.backup_site import titles
from tests.support.commands import run_command

OTHER_PICTURE = "b" * 32 + ".webp"


def change_manifest(archive: Path, **changed: object) -> None:
    """Repack an archive with other fields in its manifest."""
    with tarfile.open(archive) as tar:
        members = [(member, tar.extractfile(member)) for member in tar.getmembers()]
        contents = [(member, data.read() if data else b"") for member, data in members]
    with tarfile.open(archive, "w:gz") as tar:
        for member, data in contents:
            if member.name == MANIFEST:
                manifest = json.dumps(json.loads(data) | changed).encode()
                member.size = len(manifest)
                tar.addfile(member, BytesIO(manifest))
            else:
                tar.addfile(member, BytesIO(data))


@pytest.mark.parametrize("empty_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"format": 2}, "A newer version of Flaskblog made this backup"),
        ({"revision": "9999"}, "A newer version of Flaskblog made this backup"),
        ({"tables": {"user": 1}}, "cannot be read"),
        ({"pictures": {}}, "Its pictures differ"),
    ],
)
def test_a_newer_or_inconsistent_archive_is_refused(
    site: Flask, archive: Path, changed: dict[str, object], message: str
) -> None:
    backups.take(archive)
    change_manifest(archive, **changed)
    refused = run_command(site, "restore", "--yes", str(archive))
    assert refused.exit_code == 1
    assert message in refused.output
    assert len(titles()) == 6


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
