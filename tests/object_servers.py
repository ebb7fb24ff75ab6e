"""Real object stores of the tests' own on this machine: one that speaks S3, one that speaks like Azure."""

import base64
import contextlib
import email.utils
import hashlib
import hmac
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import obstore
from obstore.store import AzureStore, ObjectStore, S3Store

from tests.servers import free_port, wait_until_listening

PROGRAMS = Path(__file__).parent.parent / ".cache" / "servers" / "node_modules"
_S3_WAITS = Path(__file__).parent / "s3rver_waits.js"
S3_KEY = "S3RVER"
"""The only one that it knows, as key and as secret; it does not check signatures."""
AZURE_ACCOUNT = "modelyardtest"
AZURE_KEY = base64.b64encode(b"a key of the tests, which nobody else uses").decode()
BUCKET = "inputs"


@dataclass(frozen=True)
class ObjectServer:
    """A running one. `endpoint`: its address."""

    endpoint: str
    open_container: Callable[[str], ObjectStore]
    program: "Program"

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """What runs, or has been killed."""
        return self.program.process

    def restart(self) -> None:
        """Starts it again, with what it has kept, when it has been killed."""
        if self.process.poll() is not None:
            self.program.start()

    @property
    def port(self) -> int:
        """Where it listens, on loopback."""
        return int(self.endpoint.split(":")[2].partition("/")[0])

    def put(self, objects: Mapping[str, bytes], container: str = BUCKET) -> None:
        """Makes objects."""
        store = self.open_container(container)
        for key, data in objects.items():
            obstore.put(store, key, data, use_multipart=False)


@contextlib.contextmanager
def s3_server(directory: Path) -> Iterator[ObjectServer]:
    """One with an empty bucket."""
    port = free_port()
    program = ["s3rver/bin/s3rver.js", "-d", str(directory), "-a", "127.0.0.1", "-p", str(port), "--silent"]
    mended = {"NODE_OPTIONS": f"--require={_S3_WAITS}", "S3RVER": str(PROGRAMS / "s3rver")}
    with _running([*program, "--configure-bucket", BUCKET], port, directory, mended) as running:
        endpoint = f"http://127.0.0.1:{port}"
        yield ObjectServer(
            endpoint,
            lambda bucket: S3Store(
                bucket,
                endpoint=endpoint,
                region="us-east-1",
                access_key_id=S3_KEY,
                secret_access_key=S3_KEY,
                client_options={"allow_http": True},
            ),
            running,
        )


def s3_environment(server: ObjectServer) -> dict[str, str]:
    """The variables that lead to a server as the platform's own storage."""
    return {
        "AWS_ACCESS_KEY_ID": S3_KEY,
        "AWS_SECRET_ACCESS_KEY": S3_KEY,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": server.endpoint,
        "AWS_ALLOW_HTTP": "true",
    }


@contextlib.contextmanager
def azure_server(directory: Path) -> Iterator[ObjectServer]:
    """One with an empty container."""
    port = free_port()
    program = [
        "azurite/dist/src/blob/main.js",
        "-l",
        str(directory),
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        str(port),
    ]
    accounts = {"AZURITE_ACCOUNTS": f"{AZURE_ACCOUNT}:{AZURE_KEY}"}
    options = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    with _running([*program, *options], port, directory, accounts) as running:
        endpoint = f"http://127.0.0.1:{port}/{AZURE_ACCOUNT}"

        def opened(container: str) -> AzureStore:
            return AzureStore(
                container,
                account_name=AZURE_ACCOUNT,
                account_key=AZURE_KEY,
                endpoint=endpoint,
                client_options={"allow_http": True},
            )

        _make_container(endpoint)
        yield ObjectServer(endpoint, opened, running)


@dataclass
class Program:
    """A program of Node that listens, and can be started again."""

    command: list[str]
    port: int
    log: Path
    environment: Mapping[str, str]
    process: "subprocess.Popen[bytes]" = field(init=False)

    def start(self) -> None:
        """Starts it and waits until it listens."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", **self.environment}
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=output, env=environment)
        wait_until_listening(f"127.0.0.1:{self.port}", self.process, self.log)


@contextlib.contextmanager
def _running(
    program: list[str], port: int, directory: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    script = PROGRAMS / program[0]
    if not script.exists():
        raise RuntimeError("object stores are missing; scripts/setup test installs them")
    # It ends with the tests, however they end.
    command = ["setpriv", "--pdeathsig", "KILL", "node", str(script), *program[1:]]
    running = Program(command, port, directory.parent / f"{directory.name}.log", environment or {})
    running.start()
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait(10)


def _make_container(endpoint: str) -> None:
    """obstore makes none, so this signs a request as Azure wants it."""
    date = email.utils.formatdate(usegmt=True)
    headers = f"x-ms-date:{date}\nx-ms-version:2021-12-02\n"
    resource = f"/{AZURE_ACCOUNT}/{AZURE_ACCOUNT}/{BUCKET}\nrestype:container"
    text = "PUT" + "\n" * 12 + headers + resource
    signature = base64.b64encode(hmac.new(base64.b64decode(AZURE_KEY), text.encode(), hashlib.sha256).digest()).decode()
    request = urllib.request.Request(f"{endpoint}/{BUCKET}?restype=container", method="PUT", data=b"")
    request.add_header("x-ms-date", date)
    request.add_header("x-ms-version", "2021-12-02")
    request.add_header("Authorization", f"SharedKey {AZURE_ACCOUNT}:{signature}")
    request.add_header("Content-Type", "")
    with urllib.request.urlopen(request, timeout=10):
        pass
