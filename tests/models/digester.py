"""A model program for tests that speaks HTTP v1 and tells size and SHA-256 of its inputs, however large they are."""

import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


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
        found = {path.name: describe(path) for path in sorted(Path(request["input"]).iterdir())}
        result = {"data": {"result": found, "explanation": None, "drift": None}}
        (Path(request["output"]) / "results.json").write_text(json.dumps(result))
        self.answer(200, "OK")

    def answer(self, code: int, status: str) -> None:
        """Sends the protocol's JSON."""
        body = json.dumps({"message": "success", "status": status, "statusCode": code}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def describe(path: Path) -> dict[str, Any]:
    """Size and digest."""
    with path.open("rb") as file:
        return {"size": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(os.environ.get("PSC_MODEL_PORT", "80"))), Calls)
    server.daemon_threads = True
    server.serve_forever()
