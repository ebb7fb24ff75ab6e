"""HTTP v1 towards programs that answer oddly; what all protocols share is in the seam's suite."""

import errno
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from modelyard.adapters.container_protocols import http_v1
from modelyard.adapters.container_protocols.base import (
    Endpoint,
    ExchangeFull,
    ItemOutcome,
    ModelLoadFailed,
    NotReachable,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.exchange import is_full
from modelyard.adapters.container_protocols.http_v1 import MAX_ANSWER_BYTES, HttpV1Factory, HttpV1Protocol
from tests.adapters.container_protocols.model_servers import raw_server

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))
    (folder / "exchange").mkdir()
    yield Endpoint(folder / "s", folder / "exchange", str(folder / "exchange"))
    shutil.rmtree(folder)


@pytest.fixture
async def protocol(endpoint: Endpoint) -> AsyncIterator[HttpV1Protocol]:
    protocol = HttpV1Factory().connect(endpoint)
    yield protocol
    await protocol.close()


async def run_against(endpoint: Endpoint, protocol: HttpV1Protocol, handler: Handler) -> ItemOutcome:
    """What one run gives when this handler answers it."""
    app = web.Application()
    app.router.add_post("/run", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(endpoint.socket)).start()
    try:
        [outcome] = await protocol.run([{"input": b"abc"}], timeout=10, max_output_bytes=1000)
    finally:
        await runner.cleanup()
        await protocol.close()
        assert list(endpoint.exchange.iterdir()) == []
    return outcome


def after(leave: Callable[[Path], object]) -> Handler:
    """A program that succeeds after it left something in its output directory."""

    async def handler(request: web.Request) -> web.Response:
        leave(Path((await request.json())["output"]))
        return web.json_response({"message": "success", "status": "OK", "statusCode": 200})

    return handler


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", UnexpectedAnswer),
        (b"HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n", UnexpectedAnswer),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", UnexpectedAnswer),
        (b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"message":1}', UnexpectedAnswer),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\n<h1>", ModelLoadFailed),
        (b"SSH-2.0-OpenSSH_9.2\r\n", UnexpectedAnswer),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", UnexpectedAnswer),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", NotReachable),
        (b"", NotReachable),
    ],
)
async def test_odd_status_answers(
    endpoint: Endpoint, protocol: HttpV1Protocol, answer: bytes, error: type[Exception]
) -> None:
    async with raw_server(endpoint.socket, answer):
        with pytest.raises(error):
            await protocol.status(timeout=5)


async def test_answers_are_bounded(endpoint: Endpoint, protocol: HttpV1Protocol) -> None:
    size = MAX_ANSWER_BYTES + 1
    async with raw_server(endpoint.socket, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * size):
        with pytest.raises(UnexpectedAnswer, match="larger than"):
            await protocol.status(timeout=5)


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (400, "input is missing", "input is missing"),
        (422, "not a picture", "not a picture"),
        (500, "division by zero", "The model failed: division by zero"),
        (422, "", "The model failed without giving a reason."),
    ],
)
async def test_refusals_are_the_items_errors(
    endpoint: Endpoint, protocol: HttpV1Protocol, status: int, text: str, error: str
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"message": text, "statusCode": status}, status=status)

    assert (await run_against(endpoint, protocol, refuse)).error == error


async def test_failure_without_json_is_the_items_error(endpoint: Endpoint, protocol: HttpV1Protocol) -> None:
    async def fail(request: web.Request) -> web.Response:
        return web.Response(status=500, text="Internal Server Error")

    outcome = await run_against(endpoint, protocol, fail)
    assert outcome.error == "The model failed: its program does not say why"


@pytest.mark.parametrize("status", [200, 400, 404])
async def test_garbage_in_a_run(endpoint: Endpoint, protocol: HttpV1Protocol, status: int) -> None:
    async def garbage(request: web.Request) -> web.Response:
        return web.Response(status=status, text="<h1>hello</h1>", content_type="text/html")

    with pytest.raises(UnexpectedAnswer, match=str(status)):
        await run_against(endpoint, protocol, garbage)


LEFT: dict[str, Callable[[Path], object]] = {
    "The output 'results.json' is not a readable file.": lambda out: (out / "results.json").symlink_to("/etc/passwd"),
    "The output 'pipe' is not a regular file.": lambda out: os.mkfifo(out / "pipe"),
    "The output 'deep' is not a regular file.": lambda out: (out / "deep" / "er").mkdir(parents=True),
    "The outputs are larger than the limit of 1000 bytes for one item; return less.": lambda out: (
        out / "a"
    ).write_bytes(b"x" * 1001),
    "The model wrote more than 1000 output files.": lambda out: [(out / str(n)).write_bytes(b"") for n in range(1001)],
    "The name of the output '?' is not UTF-8.": lambda out: (out / os.fsdecode(b"\xff")).touch(),
    "The model reported success, but gave no output.": Path.exists,
}


@pytest.mark.parametrize("error", LEFT)
async def test_what_is_no_output_fails_the_item(endpoint: Endpoint, protocol: HttpV1Protocol, error: str) -> None:
    outcome = await run_against(endpoint, protocol, after(LEFT[error]))
    assert (dict(outcome.outputs), outcome.error) == ({}, error)


async def test_a_sparse_file_is_not_read(endpoint: Endpoint, protocol: HttpV1Protocol) -> None:
    def leave(out: Path) -> None:
        with (out / "results.json").open("wb") as file:
            file.truncate(1 << 40)

    outcome = await run_against(endpoint, protocol, after(leave))
    assert "limit of 1000 bytes" in (outcome.error or "")


async def test_a_program_may_make_its_directory_anew(endpoint: Endpoint, protocol: HttpV1Protocol) -> None:
    def leave(out: Path) -> None:
        out.rmdir()
        out.mkdir()
        (out / "results.json").write_bytes(b"{}")

    outcome = await run_against(endpoint, protocol, after(leave))
    assert outcome.outputs == {"results.json": b"{}"}


async def test_programs_of_any_user_can_use_the_directories(endpoint: Endpoint, protocol: HttpV1Protocol) -> None:
    modes: list[int] = []

    def leave(out: Path) -> None:
        paths = (out.parent, out, out.parent / "in", out.parent / "in" / "input")
        modes.extend(path.stat().st_mode & 0o777 for path in paths)

    umask = os.umask(0o077)
    try:
        await run_against(endpoint, protocol, after(leave))
    finally:
        os.umask(umask)
    assert modes == [0o755, 0o777, 0o777, 0o644]


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "nul\0", "x" * 256])
async def test_input_names_that_are_no_file_names(protocol: HttpV1Protocol, name: str) -> None:
    [outcome] = await protocol.run([{name: b"abc"}], timeout=5)
    assert "input name" in (outcome.error or "")


@pytest.mark.parametrize("status", [200, 500])
async def test_a_full_disk_is_not_the_programs_fault(
    endpoint: Endpoint, protocol: HttpV1Protocol, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(http_v1, "is_full", lambda *_: True)

    async def handler(request: web.Request) -> web.Response:
        if status == 200:
            shutil.rmtree((await request.json())["output"])
        return web.json_response({"message": "No space left on device", "status": "", "statusCode": 500}, status=status)

    with pytest.raises(ExchangeFull):
        await run_against(endpoint, protocol, handler)


def test_a_disk_is_full_when_an_error_says_so(tmp_path: Path) -> None:
    assert is_full(tmp_path, OSError(errno.ENOSPC, "No space left on device"))
    assert not is_full(tmp_path, OSError(errno.ENOENT, "No such file or directory"))
