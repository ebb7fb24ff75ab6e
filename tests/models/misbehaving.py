"""A model program for tests that speaks HTTP v1 and misbehaves as its MODE says; needs Python alone.

MODE comes from the environment or is the first argument; DELAY_MS makes each run take so long. Modes:

echo              copies every input into results.json, with its length and text
exits             says why and ends at once with code 3
no-server         runs, but listens nowhere
starts-slowly     listens after three seconds only
never-ready       /status answers 503 for ever
load-fails        /status answers 500 with a reason
status-hangs      /status never answers
garbage           answers everything with a web page
not-http          answers everything with bytes that are no HTTP
oom-on-load       takes memory without end on the first /status
oom-on-run        takes memory without end in a run
hangs-in-run      a run never answers
crashes-in-run    ends with code 4 in a run
rejects           a run answers 422 with a reason
fails-in-run      a run answers 500 with a reason
answers-garbage   a run answers with a web page
answers-wrong-json  a run answers with JSON that is not the protocol's
answers-too-long  a run answers with ten megabytes
breaks-off        a run answers half, and breaks the connection
no-output         a run reports success and writes nothing
symlink-output    results.json is a symbolic link to /etc/passwd
pipe-output       results.json is a named pipe
huge-output       results.json has HUGE_BYTES bytes (one GiB unless given), without using disk
many-outputs      writes 3,000 output files
wrong-name        writes its result as other.json
not-json          results.json is not JSON
prints            prints without end, and answers meanwhile

An input that contains `please:MODE` makes one run misbehave so; `please:sleeps-250` makes it take 250 ms longer.
"""

import json
import mmap
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MODE = os.environ.get("MODE") or (sys.argv[1] if len(sys.argv) > 1 else "echo")
DELAY_SECONDS = int(os.environ.get("DELAY_MS", "0")) / 1000
HUGE_BYTES = int(os.environ.get("HUGE_BYTES", str(1 << 30)))
MANY = 3_000
PLEASE = re.compile(rb"please:([a-z]+(?:-[a-z]+)*)(?:-([0-9]+))?")

ODD_ANSWERS = {
    "answers-garbage": (b"<html><h1>Welcome to nginx</h1></html>", 0),
    "answers-wrong-json": (b'["success", 200]', 0),
    "answers-too-long": (b'{"message": "' + b"x" * 10_000_000 + b'"}', 0),
    "breaks-off": (b'{"message": "succ', 40),
}
"""What a run answers, and how many bytes of it are missing."""


class Calls(BaseHTTPRequestHandler):
    """The three calls of the protocol."""

    def do_GET(self) -> None:
        """GET /status."""
        if self.answer_garbage():
            return
        self.answer(*(status() if self.path == "/status" else (404, "there is no such call")))

    def do_POST(self) -> None:
        """POST /run and /shutdown."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.answer_garbage():
            return
        if self.path == "/shutdown":
            self.answer(202, "exiting")
            threading.Thread(target=self.server.shutdown).start()
            return
        request = json.loads(body)
        mode = asked_for(Path(request["input"]))
        if mode in ODD_ANSWERS:
            self.answer_oddly(*ODD_ANSWERS[mode])
            return
        self.answer(*run(mode, Path(request["input"]), Path(request["output"])))

    def answer_oddly(self, body: bytes, missing: int) -> None:
        """Sends a body of which some bytes are missing at the end."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = bool(missing)

    def answer_garbage(self) -> bool:
        """Answers without the protocol where the mode says so."""
        if MODE == "not-http":
            self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            self.close_connection = True
        elif MODE == "garbage":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html><h1>Welcome to nginx</h1></html>")
        return MODE in ("not-http", "garbage")

    def answer(self, code: int, message: str) -> None:
        """Sends the protocol's JSON."""
        reasons = {
            200: "OK",
            202: "Accepted",
            404: "Not Found",
            422: "Unprocessable Entity",
            503: "Service Unavailable",
        }
        reason = reasons.get(code, "Internal Server Error")
        body = json.dumps({"message": message, "status": reason, "statusCode": code}).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing of calls."""


def status() -> tuple[int, str]:
    """The answer to /status."""
    match MODE:
        case "never-ready":
            return 503, "loading"
        case "load-fails":
            return 500, "weights.bin is missing"
        case "status-hangs":
            time.sleep(3600)
        case "oom-on-load":
            take_memory()
    return 200, "ready"


def run(mode: str, source: Path, target: Path) -> tuple[int, str]:
    """Does one run and returns its answer."""
    time.sleep(DELAY_SECONDS)
    print(f"run in mode {mode}", flush=True)
    match mode:
        case "oom-on-run":
            take_memory()
        case "hangs-in-run":
            time.sleep(3600)
        case "crashes-in-run":
            print("crashing as asked", flush=True)
            os._exit(4)
        case "rejects":
            return 422, "the input is not a picture"
        case "fails-in-run":
            return 500, "division by zero"
    target.mkdir(parents=True, exist_ok=True)
    write_outputs(mode, source, target)
    return 200, "success"


def asked_for(source: Path) -> str:
    """The mode that an input asks for, else that of the program."""
    for path in sorted(source.iterdir()):
        if found := PLEASE.search(path.read_bytes()):
            if found[1] == b"sleeps":
                time.sleep(int(found[2] or 0) / 1000)
                return MODE
            return found[1].decode()
    return MODE


def write_outputs(mode: str, source: Path, target: Path) -> None:
    """Leaves what the mode says in the output directory."""
    result = target / "results.json"
    match mode:
        case "no-output":
            pass
        case "symlink-output":
            result.symlink_to("/etc/passwd")
        case "pipe-output":
            os.mkfifo(result)
        case "huge-output":
            with result.open("wb") as file:
                file.truncate(HUGE_BYTES)
        case "many-outputs":
            for number in range(MANY):
                (target / f"{number}.json").write_text("{}")
        case "wrong-name":
            (target / "other.json").write_text(json.dumps(echo(source)))
        case "not-json":
            result.write_text("<h1>hello</h1>")
        case _:
            result.write_text(json.dumps(echo(source)))


def echo(source: Path) -> dict[str, Any]:
    """A result that repeats the inputs."""
    contents = {path.name: path.read_bytes() for path in sorted(source.iterdir())}
    inputs = {
        name: {"length": len(content), "text": content[:10_000].decode(errors="replace")}
        for name, content in contents.items()
    }
    classes = [{"class": "echo", "score": 0.75}, {"class": "silence", "score": 0.25}]
    return {"data": {"result": {"classPredictions": classes, "inputs": inputs}, "explanation": None, "drift": None}}


def take_memory() -> None:
    """Takes memory until the kernel ends the program."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    taken = []
    while True:
        taken.append(mmap.mmap(-1, 64 << 20, flags=flags))


def print_for_ever() -> None:
    """Says a lot, quickly."""
    while True:
        print("printed without end " * 50, flush=True)


def main() -> None:
    """Serves, unless the mode forbids it."""
    print(f"misbehaving program in mode {MODE}", flush=True)
    if MODE == "exits":
        print("cannot open /app/weights.bin: no such file", file=sys.stderr, flush=True)
        sys.exit(3)
    if MODE == "no-server":
        time.sleep(86_400)
    if MODE == "starts-slowly":
        time.sleep(3)
    if MODE == "prints":
        threading.Thread(target=print_for_ever, daemon=True).start()
    server = ThreadingHTTPServer(("", int(os.environ.get("PSC_MODEL_PORT", "80"))), Calls)
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
