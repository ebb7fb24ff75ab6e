"""Small real servers that play a FakeProgram over a Unix socket, one for each container protocol."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import grpc
import grpc.aio
from aiohttp import web

from modelyard.adapters.container_protocols import model_pb2
from modelyard.adapters.container_protocols.fake import FakeProgram
from modelyard.adapters.container_protocols.output_files import read_whole

LONG = 3600.0


class ModelServer(Protocol):
    """One program on a socket."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class HttpV1Server:
    """HTTP v1; reads and writes the exchange directory like a program in a container."""

    def __init__(self, program: FakeProgram, socket: Path) -> None:
        self._program = program
        self._socket = socket
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_get("/status", self._status)
        app.router.add_post("/run", self._run)
        app.router.add_post("/shutdown", self._shutdown)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.UnixSite(self._runner, str(self._socket)).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        self._socket.unlink(missing_ok=True)

    async def _status(self, request: web.Request) -> web.Response:
        program = self._program
        if not program.speaks_protocol:
            return web.Response(text="<h1>Welcome to nginx</h1>", content_type="text/html")
        if program.status_hangs:
            await asyncio.sleep(LONG)
        if program.load_error:
            return _answer(500, program.load_error)
        if program.not_ready_calls > 0:
            program.not_ready_calls -= 1
            return _answer(503, "loading")
        return _answer(200, "ready")

    async def _run(self, request: web.Request) -> web.Response:
        program = self._program
        body = await request.json()
        inputs = {path.name: path.read_bytes() for path in Path(body["input"]).iterdir()}
        program.runs.append([inputs])
        if program.drops_runs and request.transport:
            request.transport.abort()
        await asyncio.sleep(LONG if program.run_hangs else program.run_seconds)
        outcome = program.answer(inputs)
        if outcome.error is not None:
            return _answer(422, outcome.error)
        for name, content in outcome.outputs.items():
            (Path(body["output"]) / name).write_bytes(read_whole(content))
        return _answer(200, "success")

    async def _shutdown(self, request: web.Request) -> web.Response:
        self._program.listens = False
        return _answer(202, "exiting")


def _answer(status: int, message: str) -> web.Response:
    reason = {200: "OK", 202: "ACCEPTED"}.get(status, "ERROR")
    return web.json_response({"message": message, "status": reason, "statusCode": status}, status=status)


class GrpcV2Server:
    """gRPC v2, without a package as real programs are."""

    def __init__(self, program: FakeProgram, socket: Path) -> None:
        self._program = program
        self._socket = socket
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        self._server = grpc.aio.server(options=(("grpc.max_receive_message_length", -1),))
        self._server.add_insecure_port(f"unix:{self._socket}")
        if self._program.speaks_protocol:
            handlers = {
                "Status": _handler(self._status, model_pb2.StatusRequest.FromString),
                "Run": _handler(self._run, model_pb2.RunRequest.FromString),
                "Shutdown": _handler(self._shutdown, model_pb2.ShutdownRequest.FromString),
            }
            handler = grpc.method_handlers_generic_handler("ModzyModel", handlers)
            self._server.add_generic_rpc_handlers((handler,))
        await self._server.start()

    async def stop(self) -> None:
        if self._server:
            await self._server.stop(None)
        self._socket.unlink(missing_ok=True)

    async def _status(self, request: object, context: object) -> bytes:
        program = self._program
        if program.status_hangs:
            await asyncio.sleep(LONG)
        answer = model_pb2.StatusResponse(status_code=200, status="OK", message="ready")
        if program.load_error:
            answer = model_pb2.StatusResponse(status_code=500, message=program.load_error)
        elif program.not_ready_calls > 0:
            program.not_ready_calls -= 1
            answer = model_pb2.StatusResponse(status_code=202, message="loading")
        else:
            _describe(program, answer)
        return answer.SerializeToString()

    async def _run(self, request: model_pb2.RunRequest, context: "grpc.aio.ServicerContext[bytes, bytes]") -> bytes:
        program = self._program
        items = [dict(item.input) for item in request.inputs]
        program.runs.append([*items])
        program.flags.append((request.explain, request.detect_drift))
        if program.drops_runs and self._server:
            asyncio.ensure_future(self._server.stop(None))  # noqa: RUF006
            await asyncio.sleep(LONG)
        if program.run_error:
            await context.abort(grpc.StatusCode.INTERNAL, program.run_error)
        await asyncio.sleep(LONG if program.run_hangs else program.run_seconds)
        outputs = [_output(program, item) for item in items]
        del outputs[len(outputs) - program.forgets_outputs :]
        return model_pb2.RunResponse(status_code=200, outputs=outputs).SerializeToString()

    async def _shutdown(self, request: object, context: object) -> bytes:
        self._program.listens = False
        return model_pb2.ShutdownResponse(status_code=200).SerializeToString()


def _output(program: FakeProgram, item: dict[str, bytes]) -> model_pb2.OutputItem:
    outcome = program.answer(item)
    if outcome.error is not None:
        return model_pb2.OutputItem(output={"error": outcome.error.encode()}, success=False)
    return model_pb2.OutputItem(output={name: read_whole(data) for name, data in outcome.outputs.items()}, success=True)


def _describe(program: FakeProgram, answer: model_pb2.StatusResponse) -> None:
    facts = program.facts
    answer.model_info.MergeFrom(
        model_pb2.ModelInfo(model_name=facts.name, model_version=facts.version, model_author=facts.author)
    )
    answer.description.summary = facts.summary
    for field in facts.inputs:
        size = "" if field.max_size is None else str(field.max_size)
        answer.inputs.add(
            filename=field.name,
            accepted_media_types=field.media_types,
            max_size=size,
            description=field.description,
        )
    for field in facts.outputs:
        size = "" if field.max_size is None else str(field.max_size)
        answer.outputs.add(
            filename=field.name, media_type=field.media_types[0], max_size=size, description=field.description
        )
    answer.features.batch_size = facts.batch_size
    answer.features.explanation_format = "wordWeights" if facts.explains else ""
    answer.features.drift_format = "textFeatures" if facts.detects_drift else ""


def _handler(
    method: Callable[..., Awaitable[bytes]], parse: Callable[[bytes], object]
) -> "grpc.RpcMethodHandler[object, bytes]":
    return grpc.unary_unary_rpc_method_handler(method, request_deserializer=parse)


@asynccontextmanager
async def raw_server(socket: Path, answer: bytes, *, keep_open: bool = False) -> AsyncIterator[None]:
    """Sends fixed bytes to whoever connects, whatever they say."""

    open_connections: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_connections.add(writer)
        if answer:
            await reader.read(65_536)
            writer.write(answer)
            await writer.drain()
        if keep_open:
            await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(serve, str(socket))
    try:
        yield
    finally:
        server.close()
        await asyncio.sleep(0)  # who has just been let in is served before the loop ends
        for writer in open_connections:
            writer.close()
