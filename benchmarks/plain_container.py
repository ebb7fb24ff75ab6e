"""The alternative to the platform: `podman run` with the same limits, and calls straight to the program."""

import contextlib
import ctypes
import http.client
import json
import os
import resource
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

from benchmarks.images import podman
from modelyard.adapters.container_protocols import model_pb2

PORT = 45_000
_CLONE_NEWNET = 0x40000000
_READY_SECONDS = 60
_POLL_SECONDS = 0.005
_TEXT = b"What a good day."


class PlainContainer:
    """A container with no network, no capabilities and the platform's smallest limits.

    Args:
        host_network: instead of none; for gRPC, whose client cannot be given a socket within a container's network.
    """

    def __init__(self, image: str, directory: Path, *, port: int = PORT, host_network: bool = False) -> None:
        self.port = port
        self.exchange = directory / "exchange"
        self.exchange.mkdir()
        self._directory = directory
        options = [
            f"--network={'host' if host_network else 'none'}",
            "--cap-drop=all",
            "--security-opt=no-new-privileges",
            "--memory=1000000000",
            "--memory-swap=1000000000",
            "--cpus=1",
            "--pids-limit=512",
            "--ulimit=nofile=4096:4096",
            f"--ulimit=nproc={_most_processes()}",
            "--log-driver=k8s-file",
            f"--volume={self.exchange}:/exchange",
            f"--env=PSC_MODEL_PORT={port}",
            f"--pidfile={directory / 'pid'}",
        ]
        self.container = podman("run", "--detach", *options, image)

    @property
    def pid(self) -> int:
        """Of the program, as this machine counts."""
        return int((self._directory / "pid").read_text())

    def remove(self) -> None:
        """Kills and removes it."""
        podman("rm", "--force", "--time=0", self.container)


@contextlib.contextmanager
def plain_container(image: str, *, port: int = PORT, host_network: bool = False) -> Iterator[PlainContainer]:
    """A started container, removed afterwards; its program may still be starting."""
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        container = PlainContainer(image, Path(directory), port=port, host_network=host_network)
        try:
            yield container
        finally:
            container.remove()


class HttpCalls:
    """Calls by container protocol HTTP v1 over one kept connection."""

    def __init__(self, container: PlainContainer) -> None:
        self._container = container
        self._connection = http.client.HTTPConnection("model")

    def wait_until_ready(self) -> None:
        """Asks until the program answers. Raises TimeoutError."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(ConnectionError):
                self._connection.sock = _connect_inside(self._container.pid, self._container.port)
                if self._ask("GET", "/status") == 200:
                    return
            time.sleep(_POLL_SECONDS)
        raise TimeoutError("the program does not answer")

    def run(self, items: int = 1) -> None:
        """Runs so many texts at once; this protocol takes one."""
        folder = self._container.exchange / secrets.token_hex(8)
        (folder / "in").mkdir(parents=True)
        (folder / "out").mkdir()
        (folder / "out").chmod(0o777)  # the program is another user
        (folder / "in" / "input.txt").write_bytes(_TEXT)
        inside = f"/exchange/{folder.name}"
        body = {"type": "file", "input": f"{inside}/in", "output": f"{inside}/out"}
        if self._ask("POST", "/run", body) != 200:
            raise RuntimeError("the run failed")
        json.loads((folder / "out" / "results.json").read_bytes())
        shutil.rmtree(folder)

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> int:
        self._connection.request(method, path, body=json.dumps(body).encode() if body else None)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


class GrpcCalls:
    """Calls by container protocol gRPC v2; the container has the host's network."""

    def __init__(self, container: PlainContainer) -> None:
        self._channel = grpc.insecure_channel(f"127.0.0.1:{container.port}")
        self._run = self._channel.unary_unary("/ModzyModel/Run", None, None)

    def wait_until_ready(self) -> None:
        """Asks until the program answers. Raises an error of gRPC."""
        status = self._channel.unary_unary("/ModzyModel/Status", None, None)
        status(model_pb2.StatusRequest().SerializeToString(), timeout=_READY_SECONDS, wait_for_ready=True)

    def run(self, items: int = 1) -> None:
        """Runs so many texts at once."""
        inputs = [model_pb2.InputItem(input={"input.txt": _TEXT}) for _ in range(items)]
        raw = self._run(model_pb2.RunRequest(inputs=inputs).SerializeToString(), timeout=60)
        answer = model_pb2.RunResponse.FromString(raw)
        for item in answer.outputs:
            json.loads(item.output["results.json"])

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()


def free_port() -> int:
    """A port of this machine that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connect_inside(pid: int, port: int) -> socket.socket:
    """A connection to a port inside a container's network. Raises ConnectionError."""
    with ThreadPoolExecutor(max_workers=1) as thread:  # ends within the container's network, and never comes back
        return thread.submit(_enter_and_connect, pid, port).result()


def _enter_and_connect(pid: int, port: int) -> socket.socket:
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET):
            raise PermissionError(ctypes.get_errno(), "a container's network can only be entered by root")
    finally:
        os.close(namespace)
    connection = socket.create_connection(("127.0.0.1", port), 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _most_processes() -> int:
    highest = int(Path("/proc/sys/kernel/pid_max").read_text())
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return highest if hard == resource.RLIM_INFINITY else min(highest, hard)
