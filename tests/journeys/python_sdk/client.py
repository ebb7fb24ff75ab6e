"""The unmodified Python client of the platform whose API we serve, in an environment and a process of its own."""

import base64
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.environments import python_with

_DRIVER = Path(__file__).parent / "driver.py"


class ClientRaised(Exception):
    """The client raised; `kind` is the name of its exception."""

    def __init__(self, kind: str, message: str, seconds: float) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message
        self.seconds = seconds


@dataclass(frozen=True)
class Returned:
    """What a call of the client returned, and under which number the process keeps the object itself."""

    value: Any
    number: int
    seconds: float


class PythonSdk:
    """One process with one client."""

    def __init__(self, process: subprocess.Popen[str], address: str, key: str) -> None:
        self._process = process
        self.address = str(self._exchange({"address": address, "key": key}).value)
        """What the client made of the address that it was given."""

    def call(self, path: str, *args: Any, **keywords: Any) -> Any:
        """Calls a method of the client, such as `models.get`, and returns its value. Raises ClientRaised."""
        return self.call_on(None, path, *args, **keywords).value

    def call_on(self, earlier: Returned | None, path: str, *args: Any, **keywords: Any) -> Returned:
        """The same on the object that an earlier call returned."""
        number = earlier.number if earlier else None
        return self._exchange({"on": number, "path": path, "args": args, "keywords": keywords})

    def _exchange(self, line: dict[str, Any]) -> Returned:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line, default=_bytes_as_json) + "\n")
        self._process.stdin.flush()
        text = self._process.stdout.readline()
        if not text:
            raise AssertionError("the client's process ended; its output is above")
        answer = json.loads(text)
        if "error" in answer:
            raise ClientRaised(answer["error"], answer["message"], answer["seconds"])
        return Returned(answer["value"], answer["number"], answer["seconds"])


@contextmanager
def python_sdk(address: str, key: str) -> Iterator[PythonSdk]:
    """A client of the server at the address. Raises ClientRaised when its constructor does."""
    command = [str(python_with("sdk-client")), "-I", "-W", "ignore", str(_DRIVER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield PythonSdk(process, address, key)
        finally:
            process.terminate()


def _bytes_as_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)
