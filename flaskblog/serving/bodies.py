"""Bodies of requests, read by the event loop before a thread is occupied, within bounds."""

from asyncio import get_running_loop, timeout
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from flask import Flask
from granian.rsgi import HTTPProtocol  # type: ignore[attr-defined]
from werkzeug.exceptions import (
    BadRequest,
    RequestEntityTooLarge,
    RequestTimeout,
    ServiceUnavailable,
)

from flaskblog.extensions.rate_limits import network_of
from flaskblog.serving.proxies import client_address
from flaskblog.serving.slots import Slots
from flaskblog.web.request_checks import max_content_length

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BYTES_IN_MEMORY = 128 * 1024  # of each body; a longer one is in a temporary file
# More than the limit is not kept, but read: a client that is still sending sees no response.
MAX_BYTES_DISCARDED = 4 * 1024 * 1024
# A body may take so many seconds, and one more for each so many bytes that have arrived.
MIN_SECONDS = 20
MIN_BYTES_PER_SECOND = 16 * 1024


class Bodies:
    """Reads bodies. What is wrong with one is raised as an `HTTPException`."""

    def __init__(self, app: Flask, slots: Slots) -> None:
        self._app, self._slots = app, slots

    async def read(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        """Read the body into a file, `wsgi.input`, that the caller closes."""
        declared = environ.get("CONTENT_LENGTH")
        if declared == "0":
            return
        limit = max_content_length(self._app, environ)
        if declared is not None and int(declared) > limit + MAX_BYTES_DISCARDED:
            raise RequestEntityTooLarge
        client = client_address(environ, self._app.config["TRUSTED_PROXIES"])
        async with self._slots.one_of(network_of(client)):
            body = SpooledTemporaryFile(MAX_BYTES_IN_MEMORY)  # noqa: SIM115 closed by the caller
            environ["wsgi.input"] = body
            length, is_whole = await _receive(proto, body, limit)
        if length > limit:
            raise RequestEntityTooLarge
        if not is_whole or int(declared or length) != length:
            raise BadRequest("The request ended before all of it had arrived.")
        body.seek(0)
        environ["CONTENT_LENGTH"] = str(length)
        environ.pop("HTTP_TRANSFER_ENCODING", None)


async def _receive(proto: HTTPProtocol, body: IO[bytes], limit: int) -> tuple[int, bool]:
    """Write up to `limit` bytes into `body`; return how many came, and whether that was all."""
    deadline = get_running_loop().time() + MIN_SECONDS
    length = ends = 0
    try:
        async with timeout(MIN_SECONDS) as clock:
            async for chunk in proto:
                length += len(chunk)
                ends += not chunk
                if length <= limit:
                    body.write(chunk)
                elif length > limit + MAX_BYTES_DISCARDED:
                    break
                clock.reschedule(deadline + length / MIN_BYTES_PER_SECOND)
    except TimeoutError:
        raise RequestTimeout("The form or the file arrived too slowly.") from None
    except OSError as error:
        raise ServiceUnavailable("There is no room for the request.", retry_after=60) from error
    # granian ends with an empty chunk, and passes an error on as another one.
    return length, ends == 1
