"""Container protocol v2: gRPC, the Open Model Interface; inputs and outputs travel in the messages."""

import asyncio
import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from modelyard.adapters.container_protocols import model_pb2
from modelyard.adapters.container_protocols.base import (
    DeclaredField,
    Endpoint,
    InputData,
    ItemOutcome,
    ModelFacts,
    ModelLoadFailed,
    ModelNotReady,
    NotReachable,
    RunFailed,
    RunTimedOut,
    StatusTimedOut,
    UnexpectedAnswer,
)
from modelyard.adapters.container_protocols.outcomes import failed, shorten, succeeded, too_large
from modelyard.adapters.container_protocols.sizes import parse_size

MAX_MESSAGE_BYTES = 250 * 1024 * 1024
MAX_STATUS_BYTES = 4 * 1024 * 1024
MAX_BATCH = 1024
"""Items of one call, whatever a program declares."""
_SPARE_BYTES = 1024 * 1024
"""What the message of one item may have beside its outputs."""
MAX_INPUT_BYTES = MAX_MESSAGE_BYTES - _SPARE_BYTES
"""Of one item: programs refuse larger messages."""
_LARGE_ANSWER = (
    f"The outputs do not fit into one message of gRPC v2, which has at most {MAX_MESSAGE_BYTES} bytes. Return less, or "
    "package the model with HTTP v1, which gives files."
)
_SHUTDOWN_SECONDS = 5.0
_Message = TypeVar("_Message", bound=Message)
_OPTIONS = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    (
        "grpc.use_local_subchannel_pool",
        1,
    ),  # engines share no memory of failed connections
    ("grpc.enable_http_proxy", 0),
    ("grpc.enable_retries", 0),  # whoever calls decides whether a run may be repeated
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 100),
)


class GrpcV2Protocol:
    """One engine that speaks gRPC v2."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._target = f"unix:{endpoint.socket}"
        self._channel: grpc.aio.Channel | None = None
        self._declared_outputs: frozenset[str] = frozenset()
        """From the last status; empty before the first one."""

    async def status(self, *, timeout: float) -> ModelFacts:
        """Asks once whether the model is loaded; the first call loads it."""
        try:
            raw = await self._call("Status", model_pb2.StatusRequest(), timeout)
        except grpc.aio.AioRpcError as problem:
            await self.close()  # it would go on connecting, and fill the log of a program that speaks otherwise
            raise _status_error(problem, timeout) from problem
        if len(raw) > MAX_STATUS_BYTES:
            raise UnexpectedAnswer(f"The program's answer to the status call is larger than {MAX_STATUS_BYTES} bytes.")
        answer = _decode(model_pb2.StatusResponse(), raw)
        if answer.status_code == 500:
            raise ModelLoadFailed(f"The model could not be loaded: {_reason(answer.message, answer.status)}")
        if answer.status_code != 200:
            raise ModelNotReady(f"The model is not ready yet: {_reason(answer.message, answer.status)}")
        facts = _facts(answer)
        self._declared_outputs = frozenset(output.name for output in facts.outputs)
        return facts

    async def run(
        self,
        items: Sequence[Mapping[str, InputData]],
        *,
        timeout: float,
        explain: bool = False,
        detect_drift: bool = False,
        max_output_bytes: int = 268_435_456,
    ) -> list[ItemOutcome]:
        """Runs the items in one call; those that no message can hold fail by themselves."""
        sizes = [sum(map(_size_of, item.values())) for item in items]
        if max(sizes, default=0) <= MAX_INPUT_BYTES:
            return await self._run(items, timeout, max_output_bytes, explain=explain, detect_drift=detect_drift)
        fitting = [item for item, size in zip(items, sizes, strict=True) if size <= MAX_INPUT_BYTES]
        outcomes: Iterator[ItemOutcome] = iter(())
        if fitting:
            outcomes = iter(
                await self._run(fitting, timeout, max_output_bytes, explain=explain, detect_drift=detect_drift)
            )
        return [_inputs_too_large(size) if size > MAX_INPUT_BYTES else next(outcomes) for size in sizes]

    async def _run(
        self,
        items: Sequence[Mapping[str, InputData]],
        timeout: float,
        max_output_bytes: int,
        *,
        explain: bool,
        detect_drift: bool,
    ) -> list[ItemOutcome]:
        request = model_pb2.RunRequest(
            inputs=[model_pb2.InputItem(input=await _read(item)) for item in items],
            explain=explain,
            detect_drift=detect_drift,
        )
        try:
            raw = await self._call("Run", request, timeout)
        except grpc.aio.AioRpcError as problem:
            raise _run_error(problem, timeout) from problem
        # A short message can decode to many times its size, so what is too large anyway is not decoded.
        if len(raw) > max(1, len(items)) * (max_output_bytes + _SPARE_BYTES):
            if len(items) == 1:
                return [too_large(max_output_bytes)]
            raise RunFailed(f"The outputs of {len(items)} items are larger than {max_output_bytes} bytes for each.")
        answer = _decode(model_pb2.RunResponse(), raw)
        if len(answer.outputs) != len(items):
            raise _count_error(answer, len(items))
        return [self._outcome(item, max_output_bytes) for item in answer.outputs]

    async def shutdown(self) -> None:
        """Asks the program to end itself."""
        with contextlib.suppress(grpc.aio.AioRpcError, NotReachable):
            await self._call("Shutdown", model_pb2.ShutdownRequest(), _SHUTDOWN_SECONDS)

    async def close(self) -> None:
        """Closes the connection; calls under way end with NotReachable."""
        channel, self._channel = self._channel, None
        if channel:
            await channel.close(None)

    async def _call(self, method: str, request: Message, timeout: float) -> bytes:
        """Sends a message and returns the answer's bytes. Raises AioRpcError, NotReachable."""
        call = (await self._usable_channel()).unary_unary(f"/ModzyModel/{method}", None, None)
        try:
            answer: bytes = await call(request.SerializeToString(), timeout=timeout)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task and task.cancelling():
                raise
            # grpc says so when close() ends a call; it is not this task that was cancelled.
            raise NotReachable("The connection to the model's program was closed.") from None
        return answer

    async def _usable_channel(self) -> grpc.aio.Channel:
        # A channel waits 100 ms or more after a failed connection; a new one notices a starting program sooner.
        if self._channel and self._channel.get_state() is grpc.ChannelConnectivity.TRANSIENT_FAILURE:
            await self.close()
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self._target, options=_OPTIONS)
        return self._channel

    def _outcome(self, item: model_pb2.OutputItem, max_output_bytes: int) -> ItemOutcome:
        outputs = dict(item.output)
        declared = self._declared_outputs or outputs.keys() - {"error"}
        if not item.success or ("error" in outputs and not declared & outputs.keys()):
            return failed(outputs.get("error", b"").decode(errors="replace"))
        return succeeded(outputs, max_output_bytes)


class GrpcV2Factory:
    """Opens gRPC v2 towards engines."""

    name = "grpc-v2"

    def __init__(self) -> None:
        # grpc's core writes a line on stderr for each connection that breaks; it can be told so in no other way.
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

    def connect(self, endpoint: Endpoint) -> GrpcV2Protocol:
        """A connection to one engine; nothing is sent yet."""
        return GrpcV2Protocol(endpoint)


def _size_of(value: InputData) -> int:
    return value.stat().st_size if isinstance(value, Path) else len(value)


async def _read(item: Mapping[str, InputData]) -> dict[str, bytes]:
    return {
        name: await asyncio.to_thread(value.read_bytes) if isinstance(value, Path) else value
        for name, value in item.items()
    }


def _inputs_too_large(size: int) -> ItemOutcome:
    return failed(
        f"The inputs of this item have {size} bytes together; a program that speaks gRPC v2 takes at most "
        f"{MAX_INPUT_BYTES} bytes in one message. Send less, or package the model with HTTP v1, which takes files."
    )


def _facts(answer: model_pb2.StatusResponse) -> ModelFacts:
    features = answer.features
    return ModelFacts(
        name=shorten(answer.model_info.model_name),
        version=shorten(answer.model_info.model_version),
        author=shorten(answer.model_info.model_author),
        summary=shorten(answer.description.summary),
        inputs=tuple(
            DeclaredField(i.filename, tuple(i.accepted_media_types), parse_size(i.max_size), shorten(i.description))
            for i in answer.inputs
        ),
        outputs=tuple(
            DeclaredField(o.filename, (o.media_type,), parse_size(o.max_size), shorten(o.description))
            for o in answer.outputs
        ),
        batch_size=min(MAX_BATCH, max(1, features.batch_size)),
        explains=bool(features.explanation_format),
        detects_drift=bool(features.drift_format),
    )


def _decode(message: _Message, raw: bytes) -> _Message:
    try:
        message.ParseFromString(raw)
    except DecodeError as problem:
        raise UnexpectedAnswer("The program's answer is not a message of container protocol gRPC v2.") from problem
    return message


def _status_error(problem: grpc.aio.AioRpcError, timeout: float) -> Exception:
    details = _details(problem)
    match problem.code():
        case grpc.StatusCode.UNAVAILABLE:
            return _unavailable(details)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return StatusTimedOut(f"The model did not answer the status call within {timeout:g} s.")
        case grpc.StatusCode.UNKNOWN:  # what gRPC servers answer when the program's own code raises
            return ModelLoadFailed(f"The model could not be loaded: {details}")
        case _:
            return UnexpectedAnswer(f"The program does not speak container protocol gRPC v2: {details}")


def _run_error(problem: grpc.aio.AioRpcError, timeout: float) -> Exception:
    details = _details(problem)
    match problem.code():
        case grpc.StatusCode.UNAVAILABLE:
            return _unavailable(details)
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return RunTimedOut(
                f"The model did not answer within its run time-out of {timeout:g} s; send less, or raise it."
            )
        case grpc.StatusCode.UNIMPLEMENTED:
            return UnexpectedAnswer(f"The program does not speak container protocol gRPC v2: {details}")
        case grpc.StatusCode.RESOURCE_EXHAUSTED if "larger than max" in details:
            return RunFailed(_LARGE_ANSWER, details)
        case _:
            return RunFailed(f"The model failed: {details}")


def _unavailable(details: str) -> NotReachable | UnexpectedAnswer:
    if "http1.x server" in details:
        return UnexpectedAnswer("The program speaks HTTP/1, not gRPC.", details)
    return NotReachable("The model's program is not reachable, or it broke the connection.", details)


def _count_error(answer: model_pb2.RunResponse, wanted: int) -> RunFailed | UnexpectedAnswer:
    if answer.status_code >= 400:
        return RunFailed(f"The model failed: {_reason(answer.message, answer.status)}")
    return UnexpectedAnswer(f"The program gave {len(answer.outputs)} outputs for {wanted} items.")


def _details(problem: grpc.aio.AioRpcError) -> str:
    return f"{problem.code().name}: {shorten(problem.details() or '')}"


def _reason(*texts: str) -> str:
    return next((shorten(text) for text in texts if text.strip()), "its program does not say why")
