"""Serves a model over container protocol HTTP v1, with the standard library alone."""

import json
import os
import threading
from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from serving.model import BadInput, Model  # type: ignore[import-not-found]

DEFAULT_PORT = "80"


class BadRequest(Exception):
    """The body of a run is not what the protocol asks for."""


class ModelServer(ThreadingHTTPServer):
    """The HTTP server and its model; one item is worked on at a time."""

    def __init__(self, make_model: Callable[[], Model], port: int) -> None:
        super().__init__(("", port), Calls)
        self._make_model = make_model
        self._turn = threading.Lock()

    @cached_property
    def _model(self) -> Model:
        return self._make_model()

    def load(self) -> None:
        """Loads the model unless it is loaded. Raises what goes wrong."""
        with self._turn:
            _ = self._model

    def run(self, body: bytes) -> None:
        """Reads the inputs in one directory and writes the outputs into another. Raises BadRequest, BadInput."""
        source, target = read_directories(body)
        with self._turn:
            inputs = {name: read_input(source / name) for name in self._model.inputs}
            outputs = self._model.analyse(inputs, explain=False, detect_drift=False)
        target.mkdir(parents=True, exist_ok=True)
        for name, content in outputs.items():
            (target / name).write_bytes(content)


class Calls(BaseHTTPRequestHandler):
    """The three calls of the protocol."""

    server: ModelServer

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
        """POST /run works on one item; POST /shutdown ends the program."""
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
        except BadInput as problem:
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


def read_input(path: Path) -> bytes:
    """The content of an input. Raises BadRequest."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise BadRequest(f"The input file {path.name!r} cannot be read: {problem.strerror}.") from problem


def serve(make_model: Callable[[], Model]) -> None:
    """Serves until it is asked to end."""
    port = int(os.environ.get("PSC_MODEL_PORT", DEFAULT_PORT))
    server = ModelServer(make_model, port)
    print(f"the model listens on port {port}", flush=True)
    server.serve_forever()
    server.server_close()
