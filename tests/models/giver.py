"""A model program for tests that speaks HTTP v1 and gives an output of as many bytes as its input says."""

import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BLOCK = bytes(range(256)) * 4096


class Calls(BaseHTTPRequestHandler):
    """The three calls of the protocol."""

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
        request = json.loads(body)
        wanted = (Path(request["input"]) / "input.txt").read_text()
        size = int(wanted) if wanted.isdigit() else 0
        output = Path(request["output"])
        digest = write(output / "large.bin", size)
        (output / "results.json").write_text(json.dumps({"size": size, "sha256": digest}))
        self.answer(200, "OK")

    def answer(self, code: int, status: str) -> None:
        """Sends the protocol's JSON."""
        body = json.dumps({"message": "success", "status": status, "statusCode": code}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def write(path: Path, size: int) -> str:
    """Makes a file and returns its digest."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        while size > 0:
            piece = BLOCK[:size]
            file.write(piece)
            digest.update(piece)
            size -= len(piece)
    return digest.hexdigest()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(os.environ.get("PSC_MODEL_PORT", "80"))), Calls)
    server.daemon_threads = True
    server.serve_forever()
