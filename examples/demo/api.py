"""Calls the REST API with nothing but the standard library."""

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from examples.demo.failure import DemoFailed

SECONDS_PER_CALL = 120
CHUNK = 1 << 20
BOUNDARY = "modelyard-demo-boundary"
OnProgress = Callable[[float], None]
"""Takes the share that is done, 0 to 1."""


class Api:
    """The API of one server, asked with one key. Every answer that is an error raises DemoFailed."""

    def __init__(self, address: str, key: str) -> None:
        self.address = address
        self._host = urlsplit(address).netloc
        self._headers = {"Authorization": f"ApiKey {key}"}

    def get(self, path: str) -> Any:
        """Reads."""
        return self._call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """Creates, or starts something."""
        return self._call("POST", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """Changes."""
        return self._call("PATCH", path, body)

    def upload(self, path: str, file: Path, media_type: str, on_progress: OnProgress) -> Any:
        """Sends a file as the multipart part `file`, piece by piece."""
        head = (
            f"--{BOUNDARY}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        ).encode()
        tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        length = len(head) + file.stat().st_size + len(tail)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Content-Length": str(length)}
        return self._send("POST", path, _pieces(head, file, tail, on_progress), headers)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        if body is None:
            return self._send(method, path, None, {})
        return self._send(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def _send(self, method: str, path: str, body: bytes | Iterator[bytes] | None, headers: dict[str, str]) -> Any:
        connection = http.client.HTTPConnection(self._host, timeout=SECONDS_PER_CALL)
        try:
            # A server that refuses an upload answers before it has read everything.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, self._headers | headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoFailed(f"{method} {path}: the server did not answer ({error or type(error).__name__}).") from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise _refused(method, path, answer.status, content)
        return json.loads(content) if content else None


def _pieces(head: bytes, file: Path, tail: bytes, on_progress: OnProgress) -> Iterator[bytes]:
    yield head
    size = max(1, file.stat().st_size)
    sent = 0
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
            sent += len(chunk)
            on_progress(sent / size)
    yield tail


def _refused(method: str, path: str, status: int, content: bytes) -> DemoFailed:
    """The error body as a failure: its message, and its technical information as the details."""
    try:
        body = json.loads(content)
        message, details = body["message"], body.get("technicalInformation") or ""
    except (ValueError, KeyError, TypeError):
        message, details = content.decode(errors="replace")[:500], ""
    return DemoFailed(f"{method} {path} was answered with {status}: {message}", details)
