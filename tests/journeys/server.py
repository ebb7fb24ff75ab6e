"""A real server process for journeys, and plain calls to it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

KEY = "journeyadmin.journeysecret0123456789"
_ADDRESS = re.compile(r"serves at (http://\S+?),")
READY_SECONDS = 30


@dataclass
class Answer:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None when it is empty."""
        return json.loads(self.body) if self.body else None


@dataclass
class Server:
    """`modelyard serve` on a port and a data directory of its own."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    key: str = KEY
    url: str = ""
    process: subprocess.Popen[bytes] | None = None
    program: str = "modelyard"
    """The module that is run."""

    def start(self) -> None:
        """Starts it and waits until it is ready for containers."""
        # The same port each time, so that addresses stay valid over a restart.
        port = self.url.rpartition(":")[2] or "0"
        log = self.data_dir.parent / f"{self.data_dir.name}.log"
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MODELYARD_")},
            "MODELYARD_ADMIN_API_KEY": self.key,
            "MODELYARD_ENGINE_IDLE_SECONDS": "5",
            "MODELYARD_ENGINE_STANDBY": "0",
            "MODELYARD_TEST_REPORT_SECONDS": "0",  # tests count containers; test_reports.py turns it on
            **self.settings,
        }
        command = [sys.executable, "-m", self.program, "serve", "--port", port, "--data-dir", str(self.data_dir)]
        with log.open("ab") as output:
            start = output.tell()
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        self.url = self._wait_for(lambda: _ADDRESS.search(log.read_bytes()[start:].decode()), log)[1]
        self._wait_for(lambda: self.call("GET", "/readyz").status == 200, log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Sends a signal and waits for the end; returns the seconds that it took."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=60)
        return time.monotonic() - began

    def kill(self) -> None:
        """`kill -9`."""
        self.stop(signal.SIGKILL)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request with the administrator's key; errors are answers too."""
        sent = {"Authorization": f"ApiKey {self.key}", **(headers or {})}
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())
        except (OSError, http.client.HTTPException) as error:  # nobody listens, or ends in the middle of an answer
            return Answer(0, {}, str(error).encode())

    def upload(self, path: str, file_name: str, content: bytes, method: str = "POST") -> Answer:
        """Sends a file as the multipart part `file`."""
        boundary = "journeyboundary"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file_name}"\r\n\r\n'
        data = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self.call(method, path, data=data, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def until(self, path: str, is_done: Any, *, seconds: float = 60) -> Any:
        """Reads a path until its JSON satisfies; returns that JSON."""
        deadline = time.monotonic() + seconds
        answer = self.call("GET", path)
        while not (answer.status == 200 and is_done(answer.json)):
            if time.monotonic() > deadline or answer.status in {404, 422}:
                raise AssertionError(f"{path} after {seconds} s: {answer.status} {answer.body[:2000]!r}")
            time.sleep(0.05)
            answer = self.call("GET", path)
        return answer.json

    def _wait_for(self, look: Any, log: Path) -> Any:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            if self.process is not None and self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the server did not get ready:\n{log.read_text()[-5000:]}")


def save_image(image: str) -> bytes:
    """The image as `docker save` would write it."""
    with tempfile.TemporaryDirectory() as directory:
        archive = Path(directory) / "image.tar"
        subprocess.run(["podman", "save", "--quiet", "--output", str(archive), image], check=True, capture_output=True)
        return archive.read_bytes()


def deploy_archive(
    server: Server,
    image: str,
    *,
    name: str = "journey",
    version: str = "0.1.0",
    model_id: str = "",
    input_name: str = "input.txt",
    media_type: str = "text/plain",
    test_input: bytes = b"a good day",
    timeout: dict[str, int] | None = None,
    processing: dict[str, int] | None = None,
    until: str = "active",
) -> tuple[str, str]:
    """Takes a local image through the deployment over REST; returns model id and version path.

    Args:
        until: `described`, `loaded`, `tested` or `active`: where to stop.
    """
    if model_id:
        assert server.call("POST", f"/api/models/{model_id}/versions", {"version": version}).status == 201
    else:
        created = server.call("POST", "/api/models", {"name": name, "version": version})
        assert created.status == 201, created.body
        model_id = cast(str, created.json["identifier"])
    path = f"/api/models/{model_id}/versions/{version}"
    sent = server.upload(f"{path}/container-image", "image.tar", save_image(image))
    assert sent.status == 201, sent.body
    description = {
        "requirement": {"requirementId": 1},
        "timeout": timeout or {"status": 20_000, "run": 10_000},
        "inputs": [
            {"name": input_name, "acceptedMediaTypes": media_type, "maximumSize": 1_000_000, "description": "An input."}
        ],
        "outputs": [
            {
                "name": "results.json",
                "mediaType": "application/json",
                "maximumSize": 1_000_000,
                "description": "The result.",
            }
        ],
        "processing": processing or {"minimumParallelCapacity": 0, "maximumParallelCapacity": 1},
    }
    changed = server.call("PATCH", path, description)
    assert changed.status == 200, changed.body
    server.until(f"{path}/container-image", lambda state: state["percentage"] == 100)
    if until == "described":
        return model_id, path
    assert server.call("POST", f"{path}/load-process").status == 200
    load = server.until(f"{path}/load-process", lambda state: state["percentage"] == 100)
    assert load["result"]["status"] == "SUCCESSFUL", load
    if until == "loaded":
        return model_id, path
    assert server.upload(f"{path}/testInput?name={input_name}", input_name, test_input).status == 201
    assert server.call("POST", f"{path}/run-process").status == 200
    run = server.until(f"{path}/run-process", lambda state: state["percentage"] == 100)
    assert run["result"]["status"] == "SUCCESSFUL", run
    if until == "tested":
        return model_id, path
    activated = server.call("PATCH", path, {"status": "active"})
    assert activated.status == 200, activated.body
    return model_id, path


def submit_texts(server: Server, model_id: str, texts: dict[str, str], *, version: str = "0.1.0", **extra: Any) -> str:
    """Submits a job of texts for `input.txt` and returns its identifier."""
    body = {
        "model": {"identifier": model_id, "version": version},
        "input": {"type": "text", "sources": {name: {"input.txt": text} for name, text in texts.items()}},
        **extra,
    }
    answer = server.call("POST", "/api/jobs", body)
    assert answer.status == 202, answer.body
    return cast(str, answer.json["jobIdentifier"])


def finished_results(server: Server, job: str, *, seconds: float = 60) -> dict[str, Any]:
    """The results of a job once it has ended."""
    return cast(
        dict[str, Any], server.until(f"/api/results/{job}", lambda results: results["finished"], seconds=seconds)
    )


def containers_of(server: Server) -> list[str]:
    """The names of the containers that belong to this server's installation."""
    installation = (server.data_dir / "installation").read_text().strip()
    label = f"label=modelyard.installation={installation}"
    listed = subprocess.run(
        ["podman", "ps", "--all", "--quiet", "--filter", label], check=True, capture_output=True, text=True
    )
    return listed.stdout.split()
