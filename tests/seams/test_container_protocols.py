"""One suite for every container protocol: the fake, and the real ones against real servers on Unix sockets."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.base import (
    ContainerProtocol,
    ContainerProtocolFactory,
    DeclaredField,
    Endpoint,
    ItemOutcome,
    ModelFacts,
    ModelLoadFailed,
    ModelNotReady,
    NotReachable,
    RunFailed,
    RunTimedOut,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.fake import FakeFactory, FakeProgram
from modelyard.adapters.container_protocols.grpc_v2 import GrpcV2Factory
from modelyard.adapters.container_protocols.http_v1 import HttpV1Factory
from modelyard.adapters.container_protocols.output_files import read_whole
from tests.adapters.container_protocols.model_servers import GrpcV2Server, HttpV1Server, ModelServer
from tests.emptied import is_emptied

FACTS = ModelFacts(
    name="Sentiment",
    version="1.2.3",
    author="Alice",
    summary="Says how a text feels.",
    inputs=(DeclaredField("input.txt", ("text/plain", "text/csv"), 1_048_576, "A text."),),
    outputs=(DeclaredField("results.json", ("application/json",), None, "Classes."),),
    batch_size=8,
    explains=True,
    detects_drift=True,
)
WITH_FACTS = ("fake", "grpc-v2")


def answer(inputs: Mapping[str, bytes]) -> ItemOutcome:
    """What the program of this suite makes of an item."""
    content = b"".join(inputs.values())
    match content:
        case b"bad":
            return ItemOutcome(outputs={}, error="The text cannot be read.")
        case b"nothing":
            return ItemOutcome(outputs={})
        case b"huge":
            return ItemOutcome(outputs={"results.json": b"x" * 100_000, "mask.bin": b"y" * 100_000})
    return ItemOutcome(outputs={"results.json": content.upper(), "names": ",".join(sorted(inputs)).encode()})


@dataclass
class Stage:
    """A program, what serves it, and a connection to it."""

    program: FakeProgram
    server: ModelServer
    protocol: ContainerProtocol
    exchange: Path

    async def run_one(self, content: bytes, **options: int) -> ItemOutcome:
        [outcome] = await self.protocol.run([{"input.txt": content}], timeout=10, **options)  # type: ignore[arg-type]
        return outcome


class InMemory:
    """Serves the fake: reachable or not."""

    def __init__(self, program: FakeProgram) -> None:
        self._program = program

    async def start(self) -> None:
        self._program.listens = True

    async def stop(self) -> None:
        self._program.listens = False


def set_up(kind: str, folder: Path) -> Stage:
    """A stage whose program does not listen yet."""
    program = FakeProgram(facts=FACTS, answer=answer, listens=False)
    endpoint = Endpoint(folder / "s", folder / "exchange", str(folder / "exchange"))
    endpoint.exchange.mkdir()
    factories: dict[str, tuple[ContainerProtocolFactory, ModelServer]] = {
        "fake": (FakeFactory(program), InMemory(program)),
        "http-v1": (HttpV1Factory(), HttpV1Server(program, endpoint.socket)),
        "grpc-v2": (GrpcV2Factory(), GrpcV2Server(program, endpoint.socket)),
    }
    factory, server = factories[kind]
    assert factory.name == kind
    return Stage(program, server, factory.connect(endpoint), endpoint.exchange)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A directory whose name is short enough for a Unix socket in it."""
    path = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(params=["fake", "http-v1", "grpc-v2"])
async def stopped(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[Stage]:
    """A stage on which nothing listens."""
    stage = set_up(request.param, folder)
    yield stage
    await stage.protocol.close()
    await stage.server.stop()


@pytest.fixture
async def stage(stopped: Stage) -> Stage:
    """A stage whose program listens."""
    await stopped.server.start()
    return stopped


with_facts = pytest.mark.parametrize("stopped", WITH_FACTS, indirect=True)


async def test_inputs_may_be_files(stage: Stage) -> None:
    path = stage.exchange.parent / "large"
    path.write_bytes(b"good")
    [outcome] = await stage.protocol.run([{"a": path}], timeout=10)

    assert dict(outcome.outputs) == {"results.json": b"GOOD", "names": b"a"}
    assert path.read_bytes() == b"good"
    assert await is_emptied(stage.exchange)


async def test_status_of_a_ready_model(stage: Stage) -> None:
    await stage.protocol.status(timeout=10)


@with_facts
async def test_facts_come_from_the_program(stage: Stage) -> None:
    assert await stage.protocol.status(timeout=10) == FACTS


async def test_not_ready_then_ready(stage: Stage) -> None:
    stage.program.not_ready_calls = 2
    for _ in range(2):
        with pytest.raises(ModelNotReady, match="loading"):
            await stage.protocol.status(timeout=10)
    await stage.protocol.status(timeout=10)


async def test_load_failure_keeps_the_reason(stage: Stage) -> None:
    stage.program.load_error = "weights.bin is missing"
    with pytest.raises(ModelLoadFailed, match=r"weights\.bin is missing"):
        await stage.protocol.status(timeout=10)


async def test_status_that_hangs_is_not_ready(stage: Stage) -> None:
    stage.program.status_hangs = True
    with pytest.raises(ModelNotReady, match=r"0\.2 s"):
        await stage.protocol.status(timeout=0.2)


async def test_another_protocol_is_named_so(stopped: Stage) -> None:
    stopped.program.speaks_protocol = False
    await stopped.server.start()
    with pytest.raises(UnexpectedAnswer):
        await stopped.protocol.status(timeout=10)


async def test_nothing_listens(stopped: Stage) -> None:
    with pytest.raises(NotReachable):
        await stopped.protocol.status(timeout=10)
    with pytest.raises(NotReachable):
        await stopped.protocol.run([{"input.txt": b"a"}], timeout=10)


async def test_a_starting_program_is_noticed_at_once(stopped: Stage) -> None:
    for _ in range(5):
        with pytest.raises(NotReachable):
            await stopped.protocol.status(timeout=10)
    await stopped.server.start()
    began = time.monotonic()
    await stopped.protocol.status(timeout=10)
    assert time.monotonic() - began < 0.5, "a connection's backoff kept a running program waiting"


async def test_a_restarted_program_is_found_again(stage: Stage) -> None:
    await stage.protocol.status(timeout=10)
    await stage.server.stop()
    with pytest.raises(NotReachable):
        await stage.protocol.status(timeout=10)
    await stage.server.start()
    assert (await stage.run_one(b"back")).outputs["results.json"] == b"BACK"


async def test_run_gives_outputs(stage: Stage) -> None:
    inputs = {"input.txt": b"\x00\xff abc", "config.json": b""}
    [outcome] = await stage.protocol.run([inputs], timeout=10)
    assert outcome.error is None
    assert outcome.outputs == {"results.json": b"\x00\xff ABC", "names": b"config.json,input.txt"}


async def test_items_keep_their_order_and_their_own_errors(stage: Stage) -> None:
    items: list[Mapping[str, bytes]] = [{"input.txt": text} for text in (b"one", b"bad", b"two")]
    one, bad, two = await stage.protocol.run(items, timeout=10)
    assert (one.outputs["results.json"], two.outputs["results.json"]) == (b"ONE", b"TWO")
    assert (dict(bad.outputs), bad.error) == ({}, "The text cannot be read.")


async def test_no_items_make_no_outcomes(stage: Stage) -> None:
    assert await stage.protocol.run([], timeout=10) == []


@with_facts
async def test_a_batch_is_one_run(stage: Stage) -> None:
    items: list[Mapping[str, bytes]] = [{"input.txt": bytes([65 + n])} for n in range(8)]
    assert len(await stage.protocol.run(items, timeout=10)) == 8
    assert stage.program.runs == [items]


@with_facts
async def test_flags_reach_the_program(stage: Stage) -> None:
    await stage.protocol.run([{"input.txt": b"a"}], timeout=10, explain=True)
    await stage.protocol.run([{"input.txt": b"a"}], timeout=10, detect_drift=True)
    assert stage.program.flags == [(True, False), (False, True)]


async def test_success_without_output_is_an_error(stage: Stage) -> None:
    outcome = await stage.run_one(b"nothing")
    assert outcome.error == "The model reported success, but gave no output."


async def test_outputs_above_the_limit_fail_the_item(stage: Stage) -> None:
    outcome = await stage.run_one(b"huge", max_output_bytes=199_999)
    assert (dict(outcome.outputs), outcome.error) == (
        {},
        "The outputs are larger than the limit of 199999 bytes for one item; return less.",
    )
    assert (await stage.run_one(b"huge", max_output_bytes=200_000)).error is None


async def test_a_large_input_passes(stage: Stage) -> None:
    content = b"a" * 20_000_000
    assert read_whole((await stage.run_one(content)).outputs["results.json"]) == content.upper()


async def test_a_hanging_run_times_out(stage: Stage) -> None:
    stage.program.run_hangs = True
    with pytest.raises(RunTimedOut, match=r"0\.3 s"):
        await stage.protocol.run([{"input.txt": b"a"}], timeout=0.3)
    stage.program.run_hangs = False
    assert (await stage.run_one(b"a")).error is None


async def test_a_program_that_dies_in_a_run(stage: Stage) -> None:
    stage.program.drops_runs = True
    with pytest.raises(NotReachable):
        await stage.protocol.run([{"input.txt": b"a"}], timeout=10)


@with_facts
async def test_a_refused_run_keeps_the_reason(stage: Stage) -> None:
    stage.program.run_error = "out of GPUs"
    with pytest.raises(RunFailed, match="out of GPUs"):
        await stage.protocol.run([{"input.txt": b"a"}], timeout=10)


@with_facts
async def test_too_few_outcomes_name_both_counts(stage: Stage) -> None:
    stage.program.forgets_outputs = 1
    with pytest.raises(UnexpectedAnswer, match="2 outputs for 3 items"):
        await stage.protocol.run([{"input.txt": b"a"}] * 3, timeout=10)


async def test_runs_at_the_same_time_do_not_mix(stage: Stage) -> None:
    texts = [f"text {n}".encode() for n in range(20)]
    outcomes = await asyncio.gather(*map(stage.run_one, texts))
    assert [outcome.outputs["results.json"] for outcome in outcomes] == [text.upper() for text in texts]


async def test_a_cancelled_run_ends(stage: Stage) -> None:
    stage.program.run_hangs = True
    run = asyncio.ensure_future(stage.run_one(b"a"))
    await asyncio.sleep(0.1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await is_emptied(stage.exchange)


async def test_shutdown_is_heard(stage: Stage) -> None:
    await stage.protocol.shutdown()
    assert not stage.program.listens


async def test_shutdown_of_a_dead_program_is_fine(stopped: Stage) -> None:
    await stopped.protocol.shutdown()
    await stopped.protocol.close()
    await stopped.protocol.close()


async def test_nothing_is_left_in_the_exchange(stage: Stage) -> None:
    for content in (b"fine", b"bad", b"nothing", b"huge"):
        await stage.run_one(content, max_output_bytes=1000)
    assert await is_emptied(stage.exchange)
