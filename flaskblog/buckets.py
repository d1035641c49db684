"""Pictures in an S3-compatible store; imported only where `MEDIA_URL` asks for one.

Keys, region and address are read from boto's own settings: `AWS_ACCESS_KEY_ID` and the like.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO

import fsspec
from botocore.exceptions import BotoCoreError
from flask import send_file
from s3fs import S3FileSystem
from werkzeug.wrappers import Response

from flaskblog.media import MIMETYPE, NAME, MediaError

# Seconds. A person waits for each of these.
CONNECT_TIMEOUT = 3
READ_TIMEOUT = 10


class Bucket:
    """Connects when it is first used, so that each process has connections of its own."""

    def __init__(self, url: str) -> None:
        self.root = url.removeprefix("s3://").rstrip("/")

    def write(self, name: str, picture: bytes) -> None:
        with _reaching():
            self._files.pipe_file(self._path(name), picture, ContentType=MIMETYPE)

    def read(self, name: str) -> bytes:
        with _reaching():
            return bytes(self._files.cat_file(self._path(name)))

    def remove(self, name: str) -> None:
        with _reaching():
            # S3 answers alike whether or not there was one.
            self._files.rm_file(self._path(name))

    def names(self) -> Iterator[str]:
        return (name for name, _ in self._listed())

    def names_before(self, time: datetime) -> Iterator[str]:
        return (name for name, written_at in self._listed() if written_at < time)

    def answer(self, name: str, max_age: int) -> Response:
        return send_file(
            BytesIO(self.read(name)),
            mimetype=MIMETYPE,
            max_age=max_age,
            etag=False,
            download_name=name,
        )

    def _listed(self) -> Iterator[tuple[str, datetime]]:
        """Name and time of each picture. S3 tells a thousand at once, and no more are held."""
        bucket, _, folder = self.root.partition("/")
        prefix = f"{folder}/" if folder else ""
        asked = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}
        while True:
            try:
                with _reaching():
                    page = self._files.call_s3("list_objects_v2", **asked)
            except FileNotFoundError:
                return  # there is no such bucket yet
            for kept in page.get("Contents", ()):
                name = kept["Key"].removeprefix(prefix)
                if NAME.fullmatch(name):
                    yield name, kept["LastModified"]
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    @property
    def _files(self) -> S3FileSystem:
        return fsspec.filesystem(
            "s3",
            config_kwargs={
                "connect_timeout": CONNECT_TIMEOUT,
                "read_timeout": READ_TIMEOUT,
                "retries": {"max_attempts": 1},
            },
        )


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, BotoCoreError) as error:
        raise MediaError(str(error)) from error
