"""A model program for tests that speaks HTTP v1 and reports what it sees; needs Python alone.

Each run does what its input says, as JSON: {"connect": ["host:port", …], "read": ["/path", …], "processes": 600,
"leave": "name", "write": ["/path", …]}; every part may be left out.
"""

import contextlib
import json
import os
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

CGROUP_FILES = {
    "memory": ("memory.max", "memory/memory.limit_in_bytes"),
    "cpu": ("cpu.max", "cpu/cpu.cfs_quota_us", "cpu,cpuacct/cpu.cfs_quota_us"),
    "processes": ("pids.max", "pids/pids.max"),
}
SECONDS_BUSY = 0.5


class Calls(BaseHTTPRequestHandler):
    """The calls of the protocol."""

    def do_GET(self) -> None:
        """GET /status."""
        self.answer(200 if self.path == "/status" else 404, "ready")

    def do_POST(self) -> None:
        """POST /run and /shutdown."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path == "/run":
            wishes = json.loads((Path(body["input"]) / "input.txt").read_text())
            result = {"run": Path(body["input"]).parent.name, **look_around(wishes)}
            report = {"data": {"result": result, "explanation": None, "drift": None}}
            (Path(body["output"]) / "results.json").write_text(json.dumps(report))
        self.answer(200, "success")

    def answer(self, code: int, message: str) -> None:
        """Sends the protocol's JSON."""
        body = json.dumps({"message": message, "status": "", "statusCode": code}).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing of calls."""


def look_around(wishes: dict[str, Any]) -> dict[str, Any]:
    """What this container can see and do."""
    if name := wishes.get("leave"):
        (Path("/exchange") / name).write_text("left behind")
    return {
        "status": read_status(),
        "limits": {name: first_of(files) for name, files in CGROUP_FILES.items()},
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "mounts": [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()],
        "environment": sorted(os.environ),
        "exchange": sorted(path.name for path in Path("/exchange").iterdir()),
        "others": sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()),
        "connect": {address: try_connect(address) for address in wishes.get("connect", [])},
        "read": {path: can_read(path) for path in wishes.get("read", [])},
        "write": {path: can_write(path) for path in wishes.get("write", [])},
        "processes": count_processes(wishes.get("processes", 0)),
        "cpu_share": cpu_share() if wishes.get("busy") else None,
    }


def read_status() -> dict[str, str]:
    """What the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def first_of(files: tuple[str, ...]) -> str | None:
    """The first of these limits that exists."""
    for name in files:
        with contextlib.suppress(OSError):
            return (Path("/sys/fs/cgroup") / name).read_text().strip()
    return None


def try_connect(address: str) -> str:
    """`connected`, or why not."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError as error:
        return str(error)
    return "connected"


def can_read(path: str) -> bool:
    """Whether anything is there."""
    try:
        Path(path).stat()
    except OSError:
        return False
    return True


def can_write(path: str) -> bool:
    """Whether a file can be made or changed there."""
    try:
        with Path(path).open("ab"):
            return True
    except OSError:
        return False


def count_processes(most: int) -> int:
    """How many processes can be started beside this one, at most so many."""
    children: list[int] = []
    with contextlib.suppress(OSError):
        while len(children) < most:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)
    return len(children)


def cpu_share() -> float:
    """How many processors four busy processes get together."""
    began = time.monotonic()
    before = os.times()
    children: list[int] = []
    for _ in range(4):
        child = os.fork()
        if child == 0:
            while time.monotonic() - began < SECONDS_BUSY:
                pass
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return used / (time.monotonic() - began)


def main() -> None:
    """Serves."""
    print("probe is here", flush=True)
    server = ThreadingHTTPServer(("", int(os.environ.get("PSC_MODEL_PORT", "80"))), Calls)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
