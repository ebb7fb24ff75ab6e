"""How the client's logic talks to whoever does its input and output: it yields steps, and is sent their outcomes.

An operation is a generator: it yields a `Request` and gets an `Answer`, or a `Pause` and gets nothing. It opens no
connection and never waits by itself, so that the same operation serves a blocking client and an asynchronous one.
"""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Generic, TypeVar

from modelyard.client.errors import NotOurServer, refused

T = TypeVar("T")
Thing = dict[str, Any]
Query = Mapping[str, object]
REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_LONGEST_MESSAGE = 4000


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` begins at the server's address. A body is JSON, or bytes with a type in `headers`."""

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: object = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    may_repeat: bool | None = None
    """Whether doing it twice is as good as once; by the method when it is not said."""
    save_to: BinaryIO | None = None
    """Where the body of a good answer is written piece by piece; it is not in the answer then."""

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows what became of it."""
        return self.method in REPEATABLE if self.may_repeat is None else self.may_repeat


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of any status; names of headers in lower case."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """One of several results of an operation that is walked through."""

    thing: T


Step = Request | Pause | Found[Any]
Operation = Generator[Step, Any, T]
Walk = Generator[Request | Pause | Found[T], Any, None]
"""An operation that finds several things, one after the other."""


class Talk(Generic[T]):
    """An operation under way, for whoever does its steps."""

    def __init__(self, operation: "Operation[T]") -> None:
        self._operation = operation
        self._result: list[T] = []
        self.step: Step | None = None
        self.reply(None)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to do."""
        return bool(self._result)

    @property
    def result(self) -> T:
        """What came out of it."""
        return self._result[0]

    def reply(self, outcome: Answer | None) -> None:
        """Tells what came of the step; sets the next one, or raises what the operation does."""
        try:
            self.step = self._operation.send(outcome)
        except StopIteration as end:
            self._result = [end.value]

    def fail(self, error: BaseException) -> None:
        """Tells that the step failed; the operation may know a way out of it."""
        try:
            self.step = self._operation.throw(error)
        except StopIteration as end:
            self._result = [end.value]


def call(request: Request) -> "Operation[Answer]":
    """Sends a request. Raises the Refused of an answer of 300 and above."""
    answer = yield request
    assert isinstance(answer, Answer)  # noqa: S101 - the reply to a request
    if answer.status >= 300:
        raise _failure(answer)
    return answer


def call_json(request: Request) -> "Operation[Any]":
    """The JSON of the answer; None when it is empty."""
    return read_json((yield from call(request)))


def get(path: str, query: Query | None = None) -> "Operation[Thing]":
    """One thing."""
    return (yield from thing_of(Request("GET", path, query or {})))


def thing_of(request: Request) -> "Operation[Thing]":
    """The object that answers a request; an empty one for an empty answer."""
    content = yield from call_json(request)
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise NotOurServer("JSON that is not an object")
    return content


def get_list(path: str, query: Query | None = None) -> "Operation[list[Thing]]":
    """A list of things."""
    content = yield from call_json(Request("GET", path, query or {}))
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise NotOurServer("JSON that is not a list of objects")
    return content


def read_json(answer: Answer) -> Any:
    """The JSON of an answer; None when it is empty. Raises NotOurServer."""
    if not answer.content.strip():
        return None
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise NotOurServer(answer.headers.get("content-type", "nothing readable")[:200]) from None


def _failure(answer: Answer) -> Exception:
    if answer.status < 400:
        where = answer.headers.get("location", "elsewhere")[:200]
        return NotOurServer(f"it points to {where}; redirects are not followed")
    message, details = "", ""
    try:
        body = json.loads(answer.content)
        if isinstance(body, dict):
            message, details = body.get("message") or "", body.get("technicalInformation") or ""
    except (ValueError, RecursionError):
        pass
    shown, more = str(message)[:_LONGEST_MESSAGE], str(details)[:_LONGEST_MESSAGE]
    return refused(answer.status, shown, more, answer.retry_after)
