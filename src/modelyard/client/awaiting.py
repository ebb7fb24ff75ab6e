"""The client for programs that do something else meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self

import httpx

from modelyard.client import engine_calls, http, job_calls, model_calls, submissions
from modelyard.client.access import Access, find_access
from modelyard.client.blocking import SECONDS
from modelyard.client.deploying import deploy
from modelyard.client.exchange import Answer, Found, Operation, Pause, Request, Step, T, Talk, Walk
from modelyard.client.retrying import Retries, retrying
from modelyard.client.things import Version

P = ParamSpec("P")


class _Connection:
    """Does the steps of operations."""

    def __init__(self, access: Access, timeout: float, most: int, tell: Callable[[str], None] | None) -> None:
        self.access = access
        self._tell = tell or (lambda _: None)
        self._retries = Retries(most)
        self._http = httpx.AsyncClient(**http.options(self.access, timeout))

    async def close(self) -> None:
        await self._http.aclose()

    async def run(self, operation: Operation[T]) -> T:
        """All of an operation."""
        talk = Talk(retrying(operation, self._retries))
        while not talk.is_over:
            await self._go_on(talk)
        return talk.result

    async def walk(self, operation: Walk[T]) -> AsyncIterator[T]:
        """What an operation finds, one by one."""
        talk = Talk(retrying(operation, self._retries))
        while not talk.is_over:
            if isinstance(talk.step, Found):
                yield talk.step.thing
                talk.reply(None)
            else:
                await self._go_on(talk)

    async def _go_on(self, talk: Talk[Any]) -> None:
        try:
            outcome = await self._do(talk.step)
        except BaseException as error:  # noqa: BLE001 - the operation hears of it, and cleans up
            talk.fail(error)
        else:
            talk.reply(outcome)

    async def _do(self, step: Step | None) -> Answer | None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        return await self._send(step) if isinstance(step, Request) else None

    async def _send(self, request: Request) -> Answer:
        try:
            async with self._http.stream(**http.parts(self.access, request)) as response:
                body = http.Body(request, response.status_code, response.headers)
                async for piece in response.aiter_bytes():
                    body.add(piece)
        except http.FAILURES as error:
            raise http.failure(self.access, error) from None
        self._tell(http.told(self.access, request, body.answer.status))
        return body.answer


class _Part:
    """Operations on one kind of thing."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection


def _waits(operation: Callable[P, Operation[T]]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """A method that does an operation."""

    async def method(self: _Part, /, *arguments: P.args, **named: P.kwargs) -> T:
        return await self._connection.run(operation(*arguments, **named))

    return update_wrapper(method, operation)


def _walks(operation: Callable[P, Walk[T]]) -> Callable[Concatenate[Any, P], AsyncIterator[T]]:
    """A method that walks through what an operation finds."""

    def method(self: _Part, /, *arguments: P.args, **named: P.kwargs) -> AsyncIterator[T]:
        return self._connection.walk(operation(*arguments, **named))

    return update_wrapper(method, operation)


class AsyncModels(_Part):
    """Models and their versions."""

    list = _walks(model_calls.list_models)
    get = _waits(model_calls.find_model)
    version = _waits(model_calls.find_version)
    search = _waits(model_calls.search_models)
    scale = _waits(model_calls.scale_version)


class AsyncJobs(_Part):
    """Jobs and their results."""

    submit = _waits(submissions.submit)
    submit_s3 = _waits(submissions.submit_s3)
    submit_source = _waits(submissions.submit_source)
    run = _waits(job_calls.run)
    get = _waits(job_calls.get_job)
    wait = _waits(job_calls.wait)
    cancel = _waits(job_calls.cancel)
    retry_failed = _waits(job_calls.retry_failed)
    history = _walks(job_calls.history)
    results = _waits(job_calls.get_results)
    result = _waits(job_calls.get_item)
    iterate = _walks(job_calls.iterate_results)
    read = _waits(job_calls.read_output)
    download = _waits(job_calls.download)
    save = _waits(job_calls.save)


class AsyncEngines(_Part):
    """The containers that run."""

    list = _waits(engine_calls.list_engines)
    logs = _waits(engine_calls.read_logs)


class AsyncClient:
    """A server, as one caller sees it; the arguments are those of `Client`. Methods have to be awaited."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        profile: str | None = None,
        timeout: float = SECONDS,
        retries: int = 5,
        tell: Callable[[str], None] | None = None,
        access: Access | None = None,
    ) -> None:
        self._connection = _Connection(access or find_access(url, api_key, profile), timeout, retries, tell)
        self.models = AsyncModels(self._connection)
        self.jobs = AsyncJobs(self._connection)
        self.engines = AsyncEngines(self._connection)

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._connection.access.url

    async def deploy(self, file: str | Path = "model.yaml", **options: Any) -> Version:
        """As `Client.deploy`, with its options, in a thread."""
        return await asyncio.to_thread(deploy, self._connection.access, Path(file), **options)

    async def close(self) -> None:
        """Ends the connections."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.url}>"
