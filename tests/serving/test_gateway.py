"""The gateway: what the event loop and the threads do for a request."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.wsgi import FileWrapper

from flaskblog.serving import bodies, gateway
from flaskblog.serving.gateway import Gateway
from flaskblog.serving.slots import Slots
from tests.conftest import make_app
from tests.support.rsgi import FakeProtocol, FakeScope, run_in_loop

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TIMEOUT = 30  # seconds


@pytest.fixture
def site(database_url: str) -> Flask:
    return make_app(database_url, THREADS="2")


@pytest.fixture
def slots(tmp_path: Path) -> Slots:
    return Slots(tmp_path / "slots")


def make_gateway(site: Flask, slots: Slots) -> Gateway:
    """A gateway in the running event loop."""
    made = Gateway(site, slots)
    made.__rsgi_init__(asyncio.get_running_loop())
    return made


async def send(made: Gateway, scope: FakeScope, *chunks: bytes) -> FakeProtocol:
    proto = FakeProtocol(chunks)
    await made.__rsgi__(scope, proto)  # type: ignore[arg-type]
    return proto


def replace_application(site: Flask, application: "WSGIApplication") -> None:
    site.wsgi_app = application  # type: ignore[assignment,method-assign]


def form(*headers: tuple[str, str], path: str = "/login") -> FakeScope:
    """A form whose body follows."""
    kind = ("content-type", "application/x-www-form-urlencoded")
    return FakeScope("POST", path, headers=[("host", "127.0.0.1"), kind, *headers])


CHUNKED = ("transfer-encoding", "chunked")


def test_a_cached_page_is_sent_without_a_thread(site: Flask, slots: Slots) -> None:
    async def get_twice() -> list[FakeProtocol]:
        made = make_gateway(site, slots)
        scope = FakeScope(headers=[("host", "127.0.0.1")])
        first = await send(made, scope)
        made._pool.shutdown()
        return [first, await send(made, scope)]

    first, second = run_in_loop(get_twice())
    assert (first.status, second.status) == (200, 200)
    assert first.body == second.body != b""


def test_a_file_is_left_to_the_server(site: Flask, slots: Slots, tmp_path: Path) -> None:
    path = tmp_path / "picture.webp"
    path.write_bytes(b"pixels")

    def send_file(_: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        start("200 OK", [("Content-Length", "6")])
        return FileWrapper(path.open("rb"))

    replace_application(site, send_file)

    async def get() -> FakeProtocol:
        return await send(make_gateway(site, slots), FakeScope())

    proto = run_in_loop(get())
    assert (proto.status, proto.file, proto.body) == (200, str(path), b"")


def test_readers_do_not_wait_for_writers(site: Flask, slots: Slots) -> None:
    released, waiting = Event(), Event()

    def respond(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            waiting.set()
            assert released.wait(TIMEOUT)
        start("200 OK", [])
        return [b""]

    replace_application(site, respond)

    async def read_during_writes() -> tuple[int, set[int]]:
        made = make_gateway(site, slots)
        writers = [asyncio.create_task(send(made, form())) for _ in range(6)]
        while not waiting.is_set():
            await asyncio.sleep(0)
        async with asyncio.timeout(TIMEOUT / 2):
            reader = await send(made, FakeScope())
        released.set()
        return reader.status, {proto.status for proto in await asyncio.gather(*writers)}

    assert run_in_loop(read_during_writes()) == (200, {200})


def test_a_writer_that_waits_too_long_gets_a_503(
    site: Flask, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "MAX_WAIT", 0)

    async def post() -> FakeProtocol:
        made = make_gateway(site, slots)
        await made._writers.acquire()
        return await send(made, form(CHUNKED), b"email=author")

    refused = run_in_loop(post())
    assert refused.status == 503
    assert dict(refused.headers)["Retry-After"] == "10"


@pytest.mark.parametrize("headers", [[("content-length", "7")], [CHUNKED], []])
def test_the_application_reads_the_whole_body(
    site: Flask, slots: Slots, headers: list[tuple[str, str]]
) -> None:
    seen: dict[str, object] = {}

    def respond(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start("200 OK", [])
        return [b""]

    replace_application(site, respond)

    async def post() -> None:
        await send(make_gateway(site, slots), form(*headers), b"con", b"tent")

    run_in_loop(post())
    assert (seen["body"], seen["CONTENT_LENGTH"]) == (b"content", "7")
    assert "HTTP_TRANSFER_ENCODING" not in seen


def refusal(site: Flask, slots: Slots, scope: FakeScope, *chunks: bytes) -> FakeProtocol:
    """The response to a body that is not accepted, which has our headers."""

    async def post() -> FakeProtocol:
        return await send(make_gateway(site, slots), scope, *chunks)

    refused = run_in_loop(post())
    assert "Content-Security-Policy" in dict(refused.headers)
    assert b"<h1>" in refused.body
    return refused


@pytest.mark.parametrize(
    "header", [CHUNKED, *(("content-length", f"{size}000000") for size in (3, 30))]
)
@pytest.mark.parametrize("path", ["/login", "/post/new", "/nowhere"])
def test_a_body_over_the_limit_is_a_413(
    site: Flask, slots: Slots, header: tuple[str, str], path: str
) -> None:
    chunks = [b"x" * 1_000_000] * 3
    assert refusal(site, slots, form(header, path=path), *chunks).status == 413


def test_a_picture_may_be_longer_than_a_text(site: Flask, slots: Slots) -> None:
    async def post() -> FakeProtocol:
        scope = form(CHUNKED, path="/account")
        return await send(make_gateway(site, slots), scope, *[b"x" * 1024 * 1024] * 3)

    assert run_in_loop(post()).status == 400  # it has no form token


def test_a_body_that_does_not_arrive_ends_with_a_408(
    site: Flask, slots: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MIN_SECONDS", 0)
    monkeypatch.setattr(FakeProtocol, "__aiter__", lambda _: _Silence())
    assert refusal(site, slots, form(CHUNKED)).status == 408


class _Silence:
    def __aiter__(self) -> "_Silence":
        return self

    async def __anext__(self) -> bytes:
        await asyncio.Event().wait()
        raise StopAsyncIteration


@pytest.mark.parametrize(
    ("header", "chunks"),
    [(CHUNKED, [b"content=some", b""]), (("content-length", "100"), [b"content=some"])],
)
def test_an_incomplete_body_is_a_400(
    site: Flask, slots: Slots, header: tuple[str, str], chunks: list[bytes]
) -> None:
    assert refusal(site, slots, form(header), *chunks).status == 400
