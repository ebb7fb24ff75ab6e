"""Serves the file type model over container protocol HTTP v1."""

import json
import os
import threading
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from file_type import BadFile, FileTypeModel

DEFAULT_PORT = "80"
INPUT = "input"
OUTPUT = "results.json"


class BadRequest(Exception):
    """The body of a run is not what the protocol asks for."""


class FileTypeServer(ThreadingHTTPServer):
    """The HTTP server and its model; one file is judged at a time."""

    @cached_property
    def model(self) -> FileTypeModel:
        return FileTypeModel()

    def __init__(self, port: int) -> None:
        super().__init__(("", port), Calls)
        self.turn = threading.Lock()

    def load(self) -> None:
        """Loads the model unless it is loaded. Raises what goes wrong."""
        with self.turn:
            _ = self.model

    def run(self, body: bytes) -> None:
        """Judges the file in one directory and writes the result into another. Raises BadRequest, BadFile."""
        source, target = read_directories(body)
        try:
            content = (source / INPUT).read_bytes()
        except OSError as problem:
            raise BadRequest(f"The input file {INPUT!r} cannot be read: {problem.strerror}.") from problem
        with self.turn:
            result = self.model.analyse(content)
        target.mkdir(parents=True, exist_ok=True)
        (target / OUTPUT).write_text(json.dumps(result), encoding="utf-8")


class Calls(BaseHTTPRequestHandler):
    """The three calls of the protocol."""

    server: FileTypeServer

    def do_GET(self) -> None:
        """GET /status: loads the model on the first call."""
        if self.path != "/status":
            self.answer(HTTPStatus.NOT_FOUND, "there is no such call")
            return
        try:
            self.server.load()
        except (OSError, RuntimeError) as problem:
            self.answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(problem))
            return
        self.answer(HTTPStatus.OK, "ready")

    def do_POST(self) -> None:
        """POST /run judges one file; POST /shutdown ends the program."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/run":
            self.run(body)
        elif self.path == "/shutdown":
            self.answer(HTTPStatus.ACCEPTED, "exiting")
            threading.Thread(target=self.server.shutdown).start()
        else:
            self.answer(HTTPStatus.NOT_FOUND, "there is no such call")

    def run(self, body: bytes) -> None:
        """Answers with what became of one run."""
        try:
            self.server.run(body)
        except BadRequest as problem:
            self.answer(HTTPStatus.BAD_REQUEST, str(problem))
        except BadFile as problem:
            self.answer(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem))
        except (OSError, RuntimeError) as problem:
            self.answer(HTTPStatus.INTERNAL_SERVER_ERROR, str(problem))
        else:
            self.answer(HTTPStatus.OK, "success")

    def answer(self, status: HTTPStatus, message: str) -> None:
        """Sends the protocol's JSON."""
        body = json.dumps({"message": message, "status": status.phrase, "statusCode": status.value}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing of calls that went well."""


def read_directories(body: bytes) -> tuple[Path, Path]:
    """The input and the output directory of a run. Raises BadRequest."""
    try:
        request: Any = json.loads(body)
    except ValueError as problem:
        raise BadRequest("The body is not JSON.") from problem
    if not isinstance(request, dict) or request.get("type") != "file":
        raise BadRequest("The type of a run has to be 'file'.")
    source, target = request.get("input"), request.get("output")
    if not isinstance(source, str) or not isinstance(target, str):
        raise BadRequest("The input and the output of a run have to be directories.")
    return Path(source), Path(target)


def main() -> None:
    """Serves until it is asked to end."""
    port = int(os.environ.get("PSC_MODEL_PORT", DEFAULT_PORT))
    server = FileTypeServer(port)
    print(f"file-type listens on port {port}", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    main()
