"""From granian's RSGI interface to the WSGI application.

The event loop answers from the page cache and reads the bodies of requests, however slowly they
arrive; threads run the rest of the application, one of them for requests that only read.
"""

from asyncio import AbstractEventLoop, Semaphore, timeout
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

from flask import Flask
from granian.rsgi import HTTPProtocol, Scope  # type: ignore[attr-defined]
from werkzeug.exceptions import HTTPException, ServiceUnavailable
from werkzeug.wsgi import FileWrapper

from flaskblog.caching.pages import NOT_CACHED, ONLY_IF_CACHED
from flaskblog.serving.bodies import Bodies
from flaskblog.serving.environ import environ_of
from flaskblog.serving.slots import Slots
from flaskblog.web.request_checks import REFUSAL, SAFE_METHODS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Seconds that a request which may write waits for a thread.
MAX_WAIT = 30


class Gateway:
    """The RSGI application of one process; granian calls the methods that RSGI names."""

    def __init__(self, app: Flask, slots: Slots) -> None:
        self._app = app.wsgi_app
        self._threads = app.config["THREADS"]
        self._bodies = Bodies(app, slots)

    def __rsgi_init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._pool = ThreadPoolExecutor(self._threads)
        # Writers wait for the lock of the database, so one thread is left for readers.
        self._writers = Semaphore(self._threads - 1)

    async def __rsgi__(self, scope: Scope, proto: HTTPProtocol) -> None:
        environ = environ_of(scope)
        if environ["REQUEST_METHOD"] not in SAFE_METHODS:
            await self._write(environ, proto)
        elif "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            await self._read_body(environ, proto)
            await self._run(environ, proto)
        elif not self._send_cached(environ, proto):
            await self._run(environ, proto)

    def _send_cached(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> bool:
        # A copy: a layer that trusts a proxy changes it, and must see the original again.
        return self._respond({**environ, ONLY_IF_CACHED: True}, proto)

    async def _write(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        await self._read_body(environ, proto)
        if REFUSAL in environ:
            await self._run(environ, proto)
            return
        try:
            async with timeout(MAX_WAIT):
                await self._writers.acquire()
        except TimeoutError:
            environ[REFUSAL] = ServiceUnavailable("The site is busy.", retry_after=10)
            await self._run(environ, proto)
            return
        try:
            await self._run(environ, proto)
        finally:
            self._writers.release()

    async def _read_body(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        try:
            await self._bodies.read(environ, proto)
        except HTTPException as error:
            environ[REFUSAL] = error

    async def _run(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> None:
        with closing(environ["wsgi.input"]):
            await self._loop.run_in_executor(self._pool, self._respond, environ, proto)

    def _respond(self, environ: "WSGIEnvironment", proto: HTTPProtocol) -> bool:
        """Send the response of the application, unless that is `NOT_CACHED`."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(*start: Any) -> Any:
            started.append(start[:2])

        body = self._app(environ, start_response)
        status, headers = started[-1]
        if status == NOT_CACHED:
            return False
        try:
            if isinstance(body, FileWrapper) and hasattr(body.file, "name"):
                proto.response_file(int(status[:3]), headers, body.file.name)
            else:
                proto.response_bytes(int(status[:3]), headers, b"".join(body))
        finally:
            if hasattr(body, "close"):
                body.close()
        return True
