"""The client for programs that wait for each answer."""

import time
from collections.abc import Callable, Iterator
from functools import update_wrapper
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self

import httpx

from modelyard.client import engine_calls, http, job_calls, model_calls, submissions
from modelyard.client.access import Access, find_access
from modelyard.client.deploying import deploy
from modelyard.client.exchange import Answer, Found, Operation, Pause, Request, Step, T, Talk, Walk
from modelyard.client.retrying import Retries, retrying
from modelyard.client.things import Version

P = ParamSpec("P")
SECONDS = 60.0


class _Connection:
    """Does the steps of operations."""

    def __init__(self, access: Access, timeout: float, most: int, tell: Callable[[str], None] | None) -> None:
        self.access = access
        self._tell = tell or (lambda _: None)
        self._retries = Retries(most)
        self._http = httpx.Client(**http.options(self.access, timeout))

    def close(self) -> None:
        self._http.close()

    def run(self, operation: Operation[T]) -> T:
        """All of an operation."""
        talk = Talk(retrying(operation, self._retries))
        while not talk.is_over:
            self._go_on(talk)
        return talk.result

    def walk(self, operation: Walk[T]) -> Iterator[T]:
        """What an operation finds, one by one."""
        talk = Talk(retrying(operation, self._retries))
        while not talk.is_over:
            if isinstance(talk.step, Found):
                yield talk.step.thing
                talk.reply(None)
            else:
                self._go_on(talk)

    def _go_on(self, talk: Talk[Any]) -> None:
        try:
            outcome = self._do(talk.step)
        except BaseException as error:  # noqa: BLE001 - the operation hears of it, and cleans up
            talk.fail(error)
        else:
            talk.reply(outcome)

    def _do(self, step: Step | None) -> Answer | None:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
        return self._send(step) if isinstance(step, Request) else None

    def _send(self, request: Request) -> Answer:
        try:
            with self._http.stream(**http.parts(self.access, request)) as response:
                body = http.Body(request, response.status_code, response.headers)
                for piece in response.iter_bytes():
                    body.add(piece)
        except http.FAILURES as error:
            raise http.failure(self.access, error) from None
        self._tell(http.told(self.access, request, body.answer.status))
        return body.answer


class _Part:
    """Operations on one kind of thing."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection


def _waits(operation: Callable[P, Operation[T]]) -> Callable[Concatenate[Any, P], T]:
    """A method that does an operation."""

    def method(self: _Part, /, *arguments: P.args, **named: P.kwargs) -> T:
        return self._connection.run(operation(*arguments, **named))

    return update_wrapper(method, operation)


def _walks(operation: Callable[P, Walk[T]]) -> Callable[Concatenate[Any, P], Iterator[T]]:
    """A method that walks through what an operation finds."""

    def method(self: _Part, /, *arguments: P.args, **named: P.kwargs) -> Iterator[T]:
        return self._connection.walk(operation(*arguments, **named))

    return update_wrapper(method, operation)


class Models(_Part):
    """Models and their versions."""

    list = _walks(model_calls.list_models)
    get = _waits(model_calls.find_model)
    version = _waits(model_calls.find_version)
    search = _waits(model_calls.search_models)
    scale = _waits(model_calls.scale_version)


class Jobs(_Part):
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


class Engines(_Part):
    """The containers that run."""

    list = _waits(engine_calls.list_engines)
    logs = _waits(engine_calls.read_logs)


class Client:
    """A server, as one caller sees it.

    What the arguments leave open comes from MODELYARD_URL, MODELYARD_API_KEY or MODELYARD_API_KEY_FILE, and then from
    the profile that `modelyard login` stored, as on the command line.

    Args:
        url: address of the server, with or without `/api` at its end.
        api_key: as `prefix.body`.
        profile: name of a profile, instead of the environment.
        timeout: longest time for an answer, in seconds.
        retries: how often a request is sent again that failed for the moment; 0 for never.
        tell: is called with a line about each answer.
        access: instead of the first arguments, who asks which server.

    Raises NotConfigured. Methods raise ClientError, of which Refused are the server's.
    """

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
        self.models = Models(self._connection)
        self.jobs = Jobs(self._connection)
        self.engines = Engines(self._connection)

    @property
    def url(self) -> str:
        """Address of the server."""
        return self._connection.access.url

    def deploy(
        self,
        file: str | Path = "model.yaml",
        *,
        image: str | None = None,
        archive: str | Path | None = None,
        samples: dict[str, str | Path] | None = None,
        picture: str | Path | None = None,
        model: str | None = None,
        next_version: bool = False,
        activate: bool = True,
        progress: bool | None = None,
    ) -> Version:
        """Takes the model that a `model.yaml` describes through all steps, as `modelyard deploy` does.

        Args:
            image: where to pull the image from; or `archive`, as `docker save` makes; or the file says it.
            samples: test file by input.
            model: identifier, when the name does not say which.
            next_version: where the version is deployed already, deploy as the next one.
        """
        return deploy(
            self._connection.access,
            Path(file),
            image=image,
            archive=archive,
            samples=samples or {},
            picture=picture,
            model=model,
            next_version=next_version,
            activate=activate,
            progress=progress,
        )

    def close(self) -> None:
        """Ends the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.url}>"
