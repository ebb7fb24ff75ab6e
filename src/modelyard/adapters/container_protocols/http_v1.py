"""Container protocol v1: JSON over HTTP; inputs and outputs are files in a directory that both sides see."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
import msgspec

from modelyard.adapters.container_protocols.base import (
    Endpoint,
    ExchangeFull,
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
from modelyard.adapters.container_protocols.exchange import RunFolder, TakesTime, is_full, name_problem
from modelyard.adapters.container_protocols.outcomes import failed, shorten
from modelyard.adapters.container_protocols.output_files import forget_outputs

MAX_ANSWER_BYTES = 1_048_576
_SHUTDOWN_SECONDS = 5.0
_KEPT_SECONDS = 0.5
"""A connection is kept between calls that follow each other; servers close those that are idle for longer."""
_SMALL = 65_536
_INPUT_REFUSED = (400, 415, 422)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer of a program. `message` is None where the body is not one of this protocol."""

    status: int
    message: str | None


class _Body(msgspec.Struct):
    message: str


class HttpV1Protocol:
    """One engine that speaks HTTP v1. Serves one item at a time: a list is run one after the other."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False
        self._removals: set[asyncio.Task[None]] = set()
        """Directories of runs that are being removed; nobody has to wait for that."""

    async def status(self, *, timeout: float) -> ModelFacts:
        """Asks once whether the model is loaded; the first call may load it."""
        try:
            async with asyncio.timeout(timeout):
                answer = await self._ask("GET", "/status")
        except TimeoutError:
            raise StatusTimedOut(f"The model did not answer /status within {timeout:g} s.") from None
        _check_status(answer)
        return ModelFacts()

    async def run(
        self,
        items: Sequence[Mapping[str, InputData]],
        *,
        timeout: float,
        explain: bool = False,
        detect_drift: bool = False,
        max_output_bytes: int = 268_435_456,
    ) -> list[ItemOutcome]:
        """Runs the items one after the other, all within the time-out."""
        outcomes: list[ItemOutcome] = []
        try:
            async with asyncio.timeout(timeout):
                for item in items:
                    outcomes.append(await self._run_item(item, max_output_bytes))  # noqa: PERF401 - kept on the way
        except BaseException as problem:
            for outcome in outcomes:
                forget_outputs(outcome.outputs.values())
            if isinstance(problem, TimeoutError):
                text = f"The model did not answer within its run time-out of {timeout:g} s; send less, or raise it."
                raise RunTimedOut(text) from None
            raise
        return outcomes

    async def shutdown(self) -> None:
        """Asks the program to end itself."""
        with contextlib.suppress(NotReachable, UnexpectedAnswer, TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                await self._ask("POST", "/shutdown")

    async def close(self) -> None:
        """Closes the connection."""
        self._is_closed = True  # what still asks beside must not open it again
        await self._close_session()
        if self._removals:
            await asyncio.wait(self._removals)

    async def _run_item(self, inputs: Mapping[str, InputData], max_output_bytes: int) -> ItemOutcome:
        for problem in filter(None, map(name_problem, inputs)):
            return failed(problem)
        folder = RunFolder(self._endpoint.exchange)
        try:
            if _is_small(inputs):
                folder.write_inputs(inputs)  # takes less time than the way to a thread and back
            else:
                await _in_thread(lambda: folder.write_inputs(inputs))
            inside = f"{self._endpoint.exchange_inside.rstrip('/')}/{folder.name}"
            body = {"type": "file", "input": f"{inside}/in", "output": f"{inside}/out"}
            answer = await self._ask("POST", "/run", body)
            if answer.status == 200 and answer.message is not None:
                return await _collect(folder, max_output_bytes)
            if answer.status >= 500:
                await self._check_room()
            return _failed_item(answer)
        except NotReachable:
            await self._check_room()
            raise
        except OSError as problem:
            if isinstance(problem, TimeoutError):
                raise
            await self._check_room(problem)
            raise RunFailed(f"Files could not be exchanged with the model: {problem.strerror or problem}.") from problem
        finally:
            if not folder.remove_few():
                await self._remove_meanwhile(folder)

    async def _remove_meanwhile(self, folder: RunFolder) -> None:
        """Waits for the removal before: a program that makes it slow must not make us fall behind."""
        older = list(self._removals)
        removal = asyncio.create_task(asyncio.to_thread(folder.remove))
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)
        if older:
            await asyncio.wait(older)

    async def _check_room(self, problem: OSError | None = None) -> None:
        """Raises ExchangeFull where that, and not the program, is to blame."""
        exchange = self._endpoint.exchange
        if await _in_thread(lambda: is_full(exchange, problem)):
            raise ExchangeFull

    async def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> _Answer:
        try:
            try:
                return await self._send(method, path, body)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # Perhaps of a kept connection that the program closed just now; where it ended, nobody will answer.
                await self._close_session()
                return await self._send(method, path, body)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as problem:
            raise NotReachable("The model's program is not reachable, or it broke the connection.") from problem
        except (aiohttp.ClientError, ValueError) as problem:
            raise UnexpectedAnswer("The program does not answer in HTTP.", str(problem)) from problem

    async def _send(self, method: str, path: str, body: dict[str, str] | None) -> _Answer:
        async with self._opened_session().request(
            method, f"http://model{path}", json=body, allow_redirects=False
        ) as response:
            return _Answer(response.status, _read_message(await _read_bounded(response)))

    async def _close_session(self) -> None:
        session, self._session = self._session, None
        if session:
            await session.close()

    def _opened_session(self) -> aiohttp.ClientSession:
        if self._is_closed:
            raise NotReachable("The connection to the model's program was closed.")
        if self._session is None:
            connector = aiohttp.UnixConnector(str(self._endpoint.socket), limit=0, keepalive_timeout=_KEPT_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session


class HttpV1Factory:
    """Opens HTTP v1 towards engines."""

    name = "http-v1"

    def connect(self, endpoint: Endpoint) -> HttpV1Protocol:
        """A connection to one engine; nothing is sent yet."""
        return HttpV1Protocol(endpoint)


async def _collect(folder: RunFolder, max_output_bytes: int) -> ItemOutcome:
    try:
        return folder.collect_few_outputs(max_output_bytes)
    except TakesTime:
        return await _in_thread(lambda: folder.collect_outputs(max_output_bytes))


def _is_small(inputs: Mapping[str, InputData]) -> bool:
    return sum(len(content) if isinstance(content, bytes) else math.inf for content in inputs.values()) <= _SMALL


def _check_status(answer: _Answer) -> None:
    if answer.status == 200 and answer.message is not None:
        return
    if answer.status == 500:
        raise ModelLoadFailed(f"The model could not be loaded: {answer.message or 'its program does not say why'}")
    if answer.status == 503:
        raise ModelNotReady(f"The model is not ready yet: {answer.message or 'its program answers 503'}")
    raise _unexpected(answer)


def _failed_item(answer: _Answer) -> ItemOutcome:
    if answer.status in _INPUT_REFUSED and answer.message is not None:
        return failed(answer.message)
    if answer.status >= 500:
        return failed(f"The model failed: {answer.message or 'its program does not say why'}")
    raise _unexpected(answer)


def _unexpected(answer: _Answer) -> UnexpectedAnswer:
    body = "no JSON with a message" if answer.message is None else f"the message {answer.message[:200]!r}"
    return UnexpectedAnswer(
        f"The program does not speak container protocol HTTP v1: it answered {answer.status} with {body}."
    )


async def _read_bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise UnexpectedAnswer(f"The program's answer is larger than {MAX_ANSWER_BYTES} bytes.")
    return bytes(body)


def _read_message(body: bytes) -> str | None:
    try:
        return shorten(msgspec.json.decode(body, type=_Body).message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def _in_thread(function: Callable[[], _T]) -> _T:
    """Runs it in a thread; a caller that is cancelled waits for its end, so nothing is left over."""
    work = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        raise
