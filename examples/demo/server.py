"""A `modelyard serve` process that lives as long as the demo."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from examples.demo.failure import DemoFailed
from examples.demo.key import read_password

ADDRESS = re.compile(r"serves at (http://\S+?),")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30
SECONDS_TO_MEASURE = "8"
"""For a report: enough for these small models."""
LINES_SHOWN = 15
LOG = "server.log"


class Server:
    """The server on one data directory and a free port; leaving the context stops it and all its containers."""

    def __init__(self, data_dir: Path, key: str) -> None:
        self.address = ""
        self.log = data_dir / LOG
        self._data_dir = data_dir
        self._key = key
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it and waits until it is ready for containers. Raises DemoFailed."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        command = [sys.executable, "-m", "modelyard", "serve", "--host", "127.0.0.1", "--port", "0"]
        # The server ends with the demo even when the demo is killed, and hears of Ctrl-C from the demo alone.
        tied = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.before"))  # what the run before this one ended with
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            self._process = subprocess.Popen(
                [*tied, *command, "--data-dir", str(self._data_dir)],
                env=os.environ
                | {
                    "MODELYARD_ADMIN_API_KEY": self._key,
                    "MODELYARD_ADMIN_PASSWORD": read_password(self._data_dir),
                    "MODELYARD_TEST_REPORT_SECONDS": SECONDS_TO_MEASURE,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_ready(self._process)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._is_ready():
            if process.poll() is not None:
                raise DemoFailed("The server did not start.", self._last_lines())
            if time.monotonic() > deadline:
                hint = "`.venv/bin/modelyard doctor` tells what is wrong with this machine."
                raise DemoFailed(f"The server did not get ready in {SECONDS_TO_START} s. {hint}", self._last_lines())
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        if not self.address:
            found = ADDRESS.search(self.log.read_text(encoding="utf-8", errors="replace"))
            if not found:
                return False
            self.address = found[1]
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_lines(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([f"The end of {self.log}:", *lines[-LINES_SHOWN:]])

    def stop(self) -> None:
        """Asks the server to end, and sees to it."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.returncode not in {0, -signal.SIGTERM}:
            self._remove_containers()

    def _remove_containers(self) -> None:
        """A server that was ended by force could not remove its containers."""
        installation = self._data_dir / "installation"
        podman = shutil.which("podman")
        if not podman or not installation.exists():
            return
        label = f"label=modelyard.installation={installation.read_text(encoding='utf-8').strip()}"
        listed = subprocess.run(
            [podman, "ps", "--all", "--quiet", "--filter", label], check=False, capture_output=True, text=True
        ).stdout.split()
        if listed:
            subprocess.run([podman, "rm", "--force", "--time=0", *listed], check=False, capture_output=True)
