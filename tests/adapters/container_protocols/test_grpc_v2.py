"""gRPC v2 towards programs that answer oddly; what all protocols share is in the seam's suite."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc  # type: ignore[import-untyped]

from modelyard.adapters.container_protocols import model_pb2
from modelyard.adapters.container_protocols.base import (
    Endpoint,
    ModelLoadFailed,
    NotReachable,
    RunFailed,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.fake import FakeProgram
from modelyard.adapters.container_protocols.grpc_v2 import MAX_INPUT_BYTES, GrpcV2Factory, GrpcV2Protocol
from tests.adapters.container_protocols.model_servers import GrpcV2Server, HttpV1Server, raw_server

SOURCE = Path(__file__).parents[3] / "src"
PROTO = "modelyard/adapters/container_protocols/model.proto"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    folder = Path(tempfile.mkdtemp(prefix="my-", dir="/tmp"))
    yield Endpoint(folder / "s", folder)
    shutil.rmtree(folder)


@pytest.fixture
async def protocol(endpoint: Endpoint) -> AsyncIterator[GrpcV2Protocol]:
    protocol = GrpcV2Factory().connect(endpoint)
    yield protocol
    await protocol.close()


@asynccontextmanager
async def answering(endpoint: Endpoint, answer: bytes | Exception, status: bytes | None = None) -> AsyncIterator[None]:
    """A server whose methods all give these bytes, or raise; status may be given on its own."""

    async def give(request: bytes, context: object) -> bytes:
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def give_status(request: bytes, context: object) -> bytes:
        return await give(request, context) if status is None else status

    server = grpc.aio.server()
    methods = {
        name: grpc.unary_unary_rpc_method_handler(give_status if name == "Status" else give)
        for name in ("Status", "Run", "Shutdown")
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("ModzyModel", methods),))
    server.add_insecure_port(f"unix:{endpoint.socket}")
    await server.start()
    try:
        yield
    finally:
        await server.stop(None)


def test_generated_messages_match_the_proto(tmp_path: Path) -> None:
    result = tmp_path / "set"
    assert protoc.main(["protoc", f"-I{SOURCE}", f"--descriptor_set_out={result}", str(SOURCE / PROTO)]) == 0
    [made] = FileDescriptorSet.FromString(result.read_bytes()).file
    for message in made.message_type:
        for field in message.field:
            field.ClearField("json_name")  # protoc writes the default, generated code leaves it out
        for nested in message.nested_type:
            for field in nested.field:
                field.ClearField("json_name")
    assert made.SerializeToString() == model_pb2.DESCRIPTOR.serialized_pb


def test_messages_live_beside_those_of_other_programs(tmp_path: Path) -> None:
    """A client library in the same process defines the same messages without a package."""
    (tmp_path / "model.proto").write_text(re.sub(r"^package .*$", "", (SOURCE / PROTO).read_text(), flags=re.MULTILINE))
    assert protoc.main(["protoc", f"-I{tmp_path}", f"--python_out={tmp_path}", "model.proto"]) == 0
    namespace: dict[str, object] = {"__name__": "theirs"}
    exec((tmp_path / "model_pb2.py").read_text(), namespace)  # noqa: S102
    theirs = namespace["InputItem"](input={"a": b"b"})  # type: ignore[operator]
    ours = model_pb2.InputItem(input={"a": b"b"})
    assert ours.SerializeToString() == theirs.SerializeToString()


async def test_an_http_server_is_not_this_protocol(endpoint: Endpoint, protocol: GrpcV2Protocol) -> None:
    server = HttpV1Server(FakeProgram(), endpoint.socket)
    await server.start()
    with pytest.raises(UnexpectedAnswer):
        await protocol.status(timeout=5)
    await server.stop()


async def test_a_proxy_without_a_program_behind_it(endpoint: Endpoint, protocol: GrpcV2Protocol) -> None:
    async with raw_server(endpoint.socket, b""):
        with pytest.raises(NotReachable):
            await protocol.status(timeout=5)


@pytest.mark.parametrize("answer", [b"\xff\xff\xff", b"<h1>hello</h1>"])
async def test_garbage(endpoint: Endpoint, protocol: GrpcV2Protocol, answer: bytes) -> None:
    async with answering(endpoint, answer):
        with pytest.raises(UnexpectedAnswer):
            await protocol.status(timeout=5)
        with pytest.raises(UnexpectedAnswer):
            await protocol.run([{}], timeout=5)


async def test_exceptions_of_the_program(endpoint: Endpoint, protocol: GrpcV2Protocol) -> None:
    async with answering(endpoint, ValueError("no weights")):
        with pytest.raises(ModelLoadFailed, match="no weights"):
            await protocol.status(timeout=5)
        with pytest.raises(RunFailed, match="no weights"):
            await protocol.run([{}], timeout=5)


async def test_a_failed_run_without_outputs(endpoint: Endpoint, protocol: GrpcV2Protocol) -> None:
    answer = model_pb2.RunResponse(status_code=500, message="out of memory").SerializeToString()
    async with answering(endpoint, answer):
        with pytest.raises(RunFailed, match="out of memory"):
            await protocol.run([{}], timeout=5)


@pytest.mark.parametrize("declared", [("results.json",), ("error", "results.json"), ()])
@pytest.mark.parametrize(
    ("output", "success", "error"),
    [
        ({"results.json": b"{}"}, True, None),
        ({"results.json": b"{}", "error": b"a warning"}, True, None),
        ({"error": b"no text"}, True, "no text"),
        ({"error": b"no text"}, False, "no text"),
        ({"results.json": b"{}"}, False, "The model failed without giving a reason."),
        ({"error": b"\xff"}, False, "\ufffd"),
    ],
)
async def test_which_items_failed(
    endpoint: Endpoint,
    protocol: GrpcV2Protocol,
    declared: tuple[str, ...],
    output: dict[str, bytes],
    success: bool,
    error: str | None,
) -> None:
    status = model_pb2.StatusResponse(
        status_code=200, outputs=[model_pb2.ModelOutput(filename=name) for name in declared]
    )
    response = model_pb2.RunResponse(status_code=200, outputs=[model_pb2.OutputItem(output=output, success=success)])
    async with answering(endpoint, response.SerializeToString(), status.SerializeToString()):
        if declared:
            await protocol.status(timeout=5)
        [outcome] = await protocol.run([{"input": b""}], timeout=5)
    if success and "error" in declared:
        assert (outcome.outputs, outcome.error) == (output, None), "a declared output is no error"
    else:
        assert outcome.error == error


@pytest.mark.parametrize(
    ("outputs", "error"),
    [
        ({f"{number}": b"" for number in range(1001)}, "more than 1000 outputs"),
        ({"n" * 256: b""}, "1 to 255 characters"),
        ({"": b""}, "1 to 255 characters"),
    ],
)
async def test_outputs_without_bytes_are_bounded(
    endpoint: Endpoint, protocol: GrpcV2Protocol, outputs: dict[str, bytes], error: str
) -> None:
    response = model_pb2.RunResponse(status_code=200, outputs=[model_pb2.OutputItem(output=outputs, success=True)])
    async with answering(endpoint, response.SerializeToString()):
        [outcome] = await protocol.run([{"input": b""}], timeout=5)
    assert error in (outcome.error or "")


async def test_large_answers_are_not_decoded(endpoint: Endpoint, protocol: GrpcV2Protocol) -> None:
    answer = b"\x22\x00" * 3_000_000  # as many empty items
    async with answering(endpoint, answer):
        with pytest.raises(UnexpectedAnswer, match="status call is larger"):
            await protocol.status(timeout=5)
        [outcome] = await protocol.run([{}], timeout=5, max_output_bytes=1_000_000)
        assert "limit of 1000000 bytes" in (outcome.error or "")
        with pytest.raises(RunFailed, match="2 items are larger"):
            await protocol.run([{}, {}], timeout=5, max_output_bytes=1_000_000)


async def test_a_declared_batch_is_bounded(endpoint: Endpoint, protocol: GrpcV2Protocol) -> None:
    features = model_pb2.ModelFeatures(batch_size=2**31 - 1)
    status = model_pb2.StatusResponse(status_code=200, features=features).SerializeToString()
    async with answering(endpoint, status):
        assert (await protocol.status(timeout=5)).batch_size == 1024


async def test_closing_ends_runs_under_way(endpoint: Endpoint) -> None:
    server = GrpcV2Server(FakeProgram(run_hangs=True), endpoint.socket)
    await server.start()
    protocol = GrpcV2Factory().connect(endpoint)
    run = asyncio.ensure_future(protocol.run([{}], timeout=30))
    await asyncio.sleep(0.2)
    await protocol.close()
    with pytest.raises(NotReachable):
        await run
    await server.stop()


async def test_items_that_no_message_can_hold_fail_alone(
    endpoint: Endpoint, protocol: GrpcV2Protocol, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(MAX_INPUT_BYTES)  # takes no room
    output = model_pb2.OutputItem(output={"results.json": b"{}"}, success=True)
    response = model_pb2.RunResponse(status_code=200, outputs=[output])
    async with answering(endpoint, response.SerializeToString()):
        outcomes = await protocol.run([{"a": large, "b": b"x"}, {"a": b"x"}], timeout=10)
        alone = await protocol.run([{"a": large, "b": b"x"}], timeout=10)
    too_large, fine = outcomes

    assert alone == [too_large]
    assert "package the model with HTTP v1" in (too_large.error or "")
    assert fine.outputs == {"results.json": b"{}"}
