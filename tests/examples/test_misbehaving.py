"""The misbehaving test program, in real containers, seen through HTTP v1."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.base import (
    ItemOutcome,
    ModelLoadFailed,
    ModelNotReady,
    NotReachable,
    RunTimedOut,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.http_v1 import HttpV1Factory, HttpV1Protocol
from modelyard.adapters.container_protocols.output_files import read_whole
from tests.emptied import is_emptied
from tests.examples.running import Running, can_run, output_of, ready, running

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "models" / "misbehaving.py"
pytestmark = [
    pytest.mark.containers,
    pytest.mark.slow,
    pytest.mark.skipif(not can_run(), reason="needs podman, nsenter and root"),
]


@pytest.fixture(scope="module")
def base() -> str:
    """The base image, made when it is missing."""
    make = "import build; build.ensure_base(); print(build.BASE)"
    environment = {"PYTHONPATH": str(ROOT / "examples")}
    return asyncio.run(output_of(sys.executable, "-c", make, **environment))


@asynccontextmanager
async def program(base: str, mode: str, **environment: str) -> AsyncIterator[tuple[Running, HttpV1Protocol]]:
    """The program in one mode, and a connection to it."""
    mounts = {PROGRAM: "/app/misbehaving.py"}
    command = ("python3", "/app/misbehaving.py", mode)
    async with running(base, *command, memory="128m", mounts=mounts, **environment) as engine:
        protocol = HttpV1Factory().connect(engine.endpoint)
        try:
            yield engine, protocol
        finally:
            await protocol.close()


async def listening(engine: Running) -> None:
    """Waits until the program listens, without asking it for its status."""
    async with asyncio.timeout(20):
        while True:
            reader, writer = await asyncio.open_unix_connection(engine.endpoint.socket)
            answered = b""
            with suppress(ConnectionError):  # whatever waits for the program closes while nobody listens behind it
                writer.write(b"GET /nothing HTTP/1.0\r\n\r\n")
                answered = await reader.read(1)
            writer.close()
            if answered:
                return
            await asyncio.sleep(0.05)


async def run_once(protocol: HttpV1Protocol, timeout: float = 20) -> ItemOutcome:
    await ready(protocol)
    [outcome] = await protocol.run([{"input": b"abc"}], timeout=timeout, max_output_bytes=100_000)
    return outcome


async def test_echo(base: str) -> None:
    async with program(base, "echo", DELAY_MS="50") as (engine, protocol):
        outcome = await run_once(protocol)
        result = json.loads(read_whole(outcome.outputs["results.json"]))["data"]["result"]
        assert result["inputs"] == {"input": {"length": 3, "text": "abc"}}
        assert await is_emptied(engine.endpoint.exchange)
        await protocol.shutdown()
        assert (await engine.ended())["ExitCode"] == 0


async def test_exits(base: str) -> None:
    async with program(base, "exits") as (engine, protocol):
        assert (await engine.ended())["ExitCode"] == 3
        with pytest.raises(NotReachable):
            await protocol.status(timeout=5)
        assert "weights.bin" in await engine.log()


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("never-ready", ModelNotReady),
        ("status-hangs", ModelNotReady),
        ("load-fails", ModelLoadFailed),
        ("garbage", UnexpectedAnswer),
        ("not-http", UnexpectedAnswer),
        ("no-server", NotReachable),
    ],
)
async def test_status(base: str, mode: str, error: type[Exception]) -> None:
    async with program(base, mode) as (engine, protocol):
        if error is not NotReachable:
            await listening(engine)
        with pytest.raises(error):
            await protocol.status(timeout=2)


@pytest.mark.parametrize(("mode", "code"), [("oom-on-run", 137), ("crashes-in-run", 4)])
async def test_deaths_in_a_run(base: str, mode: str, code: int) -> None:
    async with program(base, mode) as (engine, protocol):
        with pytest.raises(NotReachable):
            await run_once(protocol)
        assert (await engine.ended())["ExitCode"] == code


async def test_death_while_loading(base: str) -> None:
    async with program(base, "oom-on-load") as (engine, protocol):
        await listening(engine)
        with pytest.raises(NotReachable):
            await protocol.status(timeout=20)
        assert (await engine.ended())["ExitCode"] == 137


async def test_hanging_run(base: str) -> None:
    async with program(base, "hangs-in-run") as (engine, protocol):
        with pytest.raises(RunTimedOut):
            await run_once(protocol, timeout=1)
        assert await is_emptied(engine.endpoint.exchange)


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("rejects", "the input is not a picture"),
        ("fails-in-run", "The model failed: division by zero"),
        ("no-output", "The model reported success, but gave no output."),
        ("symlink-output", "The output 'results.json' is not a readable file."),
        ("pipe-output", "The output 'results.json' is not a regular file."),
        (
            "huge-output",
            "The outputs are larger than the limit of 100000 bytes for one item; return less.",
        ),
        ("many-outputs", "The model wrote more than 1000 output files."),
    ],
)
async def test_failed_items(base: str, mode: str, error: str) -> None:
    async with program(base, mode) as (engine, protocol):
        outcome = await run_once(protocol)
        assert (dict(outcome.outputs), outcome.error) == ({}, error)
        assert await is_emptied(engine.endpoint.exchange)
