"""A real image registry on this machine, for as long as a benchmark needs it."""

import contextlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.plain_container import free_port

_PROGRAM = "docker-registry"
_START_SECONDS = 10


@contextlib.contextmanager
def running_registry() -> Iterator[str]:
    """Its `host:port`; it speaks plain http and everybody may read and write."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        address = f"127.0.0.1:{free_port()}"
        configuration = Path(directory) / "registry.yml"
        document = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": f"{directory}/images"}},
            "http": {"addr": address, "secret": "benchmark"},
        }
        configuration.write_text(json.dumps(document))
        command = [_PROGRAM, "serve", str(configuration)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_until_listening(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def _wait_until_listening(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.partition(":")
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection((host, int(port)), 1).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"{_PROGRAM} does not listen")
