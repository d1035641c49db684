"""Pictures in an S3-compatible bucket; imported only if `MEDIA_URL` names one.

Credentials, region and endpoint come from boto's settings: `AWS_ACCESS_KEY_ID` and the like.
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

from flaskblog.media.store import MIMETYPE, NAME, MediaError

# Seconds, within a request.
CONNECT_TIMEOUT = 3
READ_TIMEOUT = 10


class S3Store:
    """Connects on first use, so that forked processes share no connection."""

    def __init__(self, url: str) -> None:
        self.root = url.removeprefix("s3://").rstrip("/")

    def write(self, name: str, picture: bytes) -> None:
        with _media_errors():
            self.filesystem.pipe_file(self._path(name), picture, ContentType=MIMETYPE)

    def read(self, name: str) -> bytes:
        with _media_errors():
            return bytes(self.filesystem.cat_file(self._path(name)))

    def remove(self, name: str) -> None:
        with _media_errors():
            # S3 reports success for a missing key too.
            self.filesystem.rm_file(self._path(name))

    def version(self, name: str) -> None:
        """Not known: to ask S3 costs as much as to read the picture."""

    def names(self) -> Iterator[str]:
        return (name for name, _ in self._list_objects())

    def names_before(self, time: datetime) -> Iterator[str]:
        return (name for name, written_at in self._list_objects() if written_at < time)

    def response(self, name: str, max_age: int) -> Response:
        return send_file(
            BytesIO(self.read(name)),
            mimetype=MIMETYPE,
            max_age=max_age,
            etag=False,
            download_name=name,
        )

    def _list_objects(self) -> Iterator[tuple[str, datetime]]:
        """Yield name and modification time of each picture; S3 lists 1,000 per page."""
        bucket, _, folder = self.root.partition("/")
        prefix = f"{folder}/" if folder else ""
        parameters = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}
        while True:
            try:
                with _media_errors():
                    page = self.filesystem.call_s3("list_objects_v2", **parameters)
            except FileNotFoundError:
                return  # the bucket does not exist yet
            for item in page.get("Contents", ()):
                name = item["Key"].removeprefix(prefix)
                if NAME.fullmatch(name):
                    yield name, item["LastModified"]
            if not page.get("IsTruncated"):
                return
            parameters["ContinuationToken"] = page["NextContinuationToken"]

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    @property
    def filesystem(self) -> S3FileSystem:
        return fsspec.filesystem(
            "s3",
            config_kwargs={
                "connect_timeout": CONNECT_TIMEOUT,
                "read_timeout": READ_TIMEOUT,
                "retries": {"max_attempts": 1},
            },
        )


@contextmanager
def _media_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, BotoCoreError) as error:
        raise MediaError(str(error)) from error
