"""A model program of container protocol HTTP v1 that takes DELAY_MS for each item; needs Python alone."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GIVE = b"give "
_BLOCK = os.urandom(1 << 20)
DELAY_SECONDS = int(os.environ.get("DELAY_MS", "1")) / 1000


class Calls(BaseHTTPRequestHandler):
    """The three calls of the protocol; connections are kept."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for head and body

    def do_GET(self) -> None:
        """GET /status."""
        self.answer(200, "OK")

    def do_POST(self) -> None:
        """POST /run and /shutdown."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/shutdown":
            self.answer(202, "Accepted")
            threading.Thread(target=self.server.shutdown).start()
            return
        run(**json.loads(body))
        self.answer(200, "OK")

    def answer(self, code: int, status: str) -> None:
        """Sends the protocol's JSON."""
        body = json.dumps({"message": "success", "status": status, "statusCode": code}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing of calls."""


def run(type: str, input: str, output: str) -> None:  # noqa: A002, ARG001 - the protocol's names
    """Tells the length of each input; one that says `give 100` makes an output of so many bytes, too."""
    time.sleep(DELAY_SECONDS)
    lengths = {path.name: length(path) for path in Path(input).iterdir()}
    for name, size in lengths.items():
        if size < 40 and (asked := (Path(input) / name).read_bytes()).startswith(GIVE):
            give(Path(output) / "large.bin", int(asked.removeprefix(GIVE)))
    result = {"data": {"result": lengths, "explanation": None, "drift": None}}
    (Path(output) / "results.json").write_text(json.dumps(result))


def give(path: Path, size: int) -> None:
    """Writes a file of this size."""
    with path.open("wb", buffering=0) as file:
        for start in range(0, size, len(_BLOCK)):
            file.write(_BLOCK[: size - start])


def length(path: Path) -> int:
    """Reads a file, however large it is."""
    size = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(1 << 20):
            size += len(piece)
    return size


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(os.environ.get("PSC_MODEL_PORT", "80"))), Calls)
    server.daemon_threads = True
    server.serve_forever()
