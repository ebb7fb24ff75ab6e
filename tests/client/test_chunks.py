"""Large inputs are sent in chunks, each once, whatever breaks meanwhile; against a server that only takes chunks."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from modelyard.client import AsyncClient, NotOffered, Refused
from modelyard.client.inputs import LARGEST_AT_ONCE
from modelyard.client.submissions import CHUNK

VERSION = {"version": "1.0.0", "inputs": [{"name": "in.bin"}], "model": {"modelId": "abcdefghij"}}
MODEL = {"identifier": "abcdefghij", "name": "m", "latestActiveVersion": "1.0.0"}
SIZE = LARGEST_AT_ONCE + CHUNK // 2


@dataclass
class Taker:
    """Takes chunks as the API says; breaks at some."""

    breaks_at: int = -1
    refuses_at: int = -1
    knows_chunks: bool = True
    inputs: dict[str, bytearray] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        chunks = [Route("/api/jobs/job-1/{item:path}/{input}", self.append, methods=["POST"])]
        return Starlette(
            routes=[
                Route("/api/models/abcdefghij", lambda _: JSONResponse(MODEL)),
                Route("/api/models/abcdefghij/versions/1.0.0", lambda _: JSONResponse(VERSION)),
                Route("/api/jobs", self.open, methods=["POST"]),
                Route("/api/jobs/job-1/close", self.close, methods=["POST"]),
                Route("/api/jobs/job-1", self.cancel, methods=["DELETE"]),
                *(chunks if self.knows_chunks else []),
            ],
            exception_handlers={404: _unknown},
        )

    async def open(self, request: Request) -> Response:
        assert "input" not in await request.json()
        return self._job("OPEN")

    async def append(self, request: Request) -> Response:
        offset = int(request.query_params["offset"])
        name = f"{request.path_params['item']} {request.path_params['input']}"
        held = self.inputs.setdefault(name, bytearray())
        async with request.form() as form:
            [(part, file)] = form.multi_items()
            assert part == "input"
            assert not isinstance(file, str)
            content = await file.read()
        if offset == self.refuses_at:
            return JSONResponse({"message": "too large"}, 413)
        if offset == len(held):
            held += content
        if offset == self.breaks_at:
            self.breaks_at = -1
            return JSONResponse({"message": "the proxy lost it"}, 502)
        return self._job("OPEN")

    async def close(self, _: Request) -> Response:
        return self._job("SUBMITTED")

    async def cancel(self, _: Request) -> Response:
        return self._job("CANCELED")

    def _job(self, status: str) -> Response:
        self.calls.append(status)
        return JSONResponse({"jobIdentifier": "job-1", "status": status, "model": MODEL, "total": len(self.inputs)})


async def _unknown(request: Request, _: Exception) -> Response:
    return JSONResponse({"message": f"There is nothing at {request.url.path}; see /api/docs."}, 404)


@asynccontextmanager
async def _client(taker: Taker) -> AsyncIterator[AsyncClient]:
    server = uvicorn.Server(uvicorn.Config(taker.app(), port=0, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event to wait for
        await asyncio.sleep(0.01)
    async with AsyncClient(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", "a.b") as client:
        yield client
    server.should_exit = True
    await task


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.bin"
    with file.open("wb") as opened:
        for number in range(SIZE // CHUNK + 1):
            opened.write(bytes([number]) * CHUNK)
        opened.truncate(SIZE)
    return file


async def test_a_large_file_arrives_whole(large: Path) -> None:
    taker = Taker(breaks_at=3 * CHUNK)
    async with _client(taker) as client:
        job = await client.jobs.submit("abcdefghij", {"a/🙂 %2F": large, "empty": b""})

    assert job.status == "SUBMITTED"
    assert hashlib.sha256(taker.inputs["a/🙂 %2F in.bin"]).digest() == hashlib.sha256(large.read_bytes()).digest()
    assert taker.inputs["empty in.bin"] == b""


async def test_a_refused_chunk_cancels_the_job(large: Path) -> None:
    taker = Taker(refuses_at=2 * CHUNK)
    async with _client(taker) as client:
        with pytest.raises(Refused, match="too large"):
            await client.jobs.submit("abcdefghij", {"a": large})

    assert taker.calls[-1] == "CANCELED"


async def test_a_server_without_chunks(large: Path) -> None:
    taker = Taker(knows_chunks=False)
    async with _client(taker) as client:
        with pytest.raises(NotOffered, match="does not offer inputs in pieces"):
            await client.jobs.submit("abcdefghij", {"a": large})

    assert taker.calls[-1] == "CANCELED"
