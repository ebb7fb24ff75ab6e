"""A real `modelyard serve` on a data directory of its own, and plain calls to it."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEY = "benchmark.benchmarkbody0123456789"
_ADDRESS = re.compile(rb"serves at http://127\.0\.0\.1:(\d+)")
_READY_SECONDS = 60
_IDLE_CONNECTION_SECONDS = 2.0
_PIECE = 1 << 20


class Refused(Exception):
    """The server answered with an error."""


@dataclass
class Server:
    """A server that answers at a port of this machine; one connection is kept between calls."""

    port: int
    process: subprocess.Popen[bytes]
    data_dir: Path
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)
    _last_use: float = 0.0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises Refused."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, path, data, {"Content-Type": "application/json"} if data else {})

    def upload(self, path: str, file: Path) -> Any:
        """Sends a file as the multipart part `file`. Raises Refused."""
        head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="image.tar"\r\n\r\n'
        tail = b"\r\n--cut--\r\n"
        size = len(head) + file.stat().st_size + len(tail)
        headers = {"Content-Type": "multipart/form-data; boundary=cut", "Content-Length": str(size)}
        return self._send("POST", path, _pieces(head, file, tail), headers)

    def append(self, path: str, content: bytes) -> Any:
        """Sends bytes as the multipart part `input`. Raises Refused."""
        head = b'--cut\r\nContent-Disposition: form-data; name="input"; filename="input"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=cut"}
        return self._send("POST", path, head + content + b"\r\n--cut--\r\n", headers)

    def until(self, path: str, is_done: Callable[[Any], bool], *, pause: float = 0.02, seconds: float = 300) -> Any:
        """Reads a path again and again until its JSON satisfies. Raises Refused, TimeoutError."""
        deadline = time.monotonic() + seconds
        while not is_done(answer := self.call("GET", path)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} after {seconds} s: {answer}")
            time.sleep(pause)
        return answer

    def _send(self, method: str, path: str, data: Any, headers: Mapping[str, str]) -> Any:
        now = time.monotonic()
        if self._connection is None or now - self._last_use > _IDLE_CONNECTION_SECONDS:
            if self._connection:
                self._connection.close()
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self._connection.request(method, path, body=data, headers={"Authorization": f"ApiKey {KEY}", **headers})
        answer = self._connection.getresponse()
        content = answer.read()
        self._last_use = time.monotonic()
        if answer.status >= 400:
            raise Refused(f"{method} {path}: {answer.status} {content[:500].decode(errors='replace')}")
        return json.loads(content) if content.startswith((b"{", b"[")) else content


@contextlib.contextmanager
def running_server(**settings: str) -> Iterator[Server]:
    """A new installation that is ready for containers; ended and removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        server = start_server(Path(directory) / "data", **settings)
        try:
            wait_until_answering(server.port, "/readyz", server.process)
            yield server
        finally:
            stop(server.process)


def start_server(data_dir: Path, **settings: str) -> Server:
    """Starts it and waits until it says where it serves."""
    log = data_dir.parent / "server.log"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")},
        "MODELYARD_ADMIN_API_KEY": KEY,
        "MODELYARD_LOG_LEVEL": "warning",
        "MODELYARD_TEST_REPORT_SECONDS": "0",  # what a deployment measures afterwards must not disturb what we measure
        **settings,
    }
    command = [sys.executable, "-m", "modelyard", "serve", "--port", "0", "--data-dir", str(data_dir)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _ADDRESS.search(log.read_bytes()):
            return Server(int(found[1]), process, data_dir)
        time.sleep(0.002)
    stop(process)
    raise RuntimeError(f"the server did not start: {log.read_text()[-3000:]}")


def wait_until_answering(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    """Waits for the first 200."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.005)
    raise RuntimeError(f"{path} was not answered with 200")


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and SIGKILL when that does not help."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _pieces(head: bytes, file: Path, tail: bytes) -> Iterator[bytes]:
    yield head
    with file.open("rb") as source:
        while piece := source.read(_PIECE):
            yield piece
    yield tail
