"""Runs commands as somebody types them, in this process; and a server that answers whatever a test wants."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from modelyard.domain.accounts.actor import Actor
from modelyard.entrypoints.cli import main
from modelyard.entrypoints.cli.profile_file import Profile, ProfileFile
from modelyard.entrypoints.cli.surroundings import read_surroundings
from tests.cast import key_of


@dataclass
class Shell:
    """A shell with a home directory and variables of its own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str = "", interactive: bool = False) -> Result:
        """One command; `interactive` as if somebody sat at a terminal and typed `stdin`."""
        environment = {**self.variables, "XDG_CONFIG_HOME": str(self.home)}
        around = replace(read_surroundings(environment), is_interactive=True) if interactive else None
        return CliRunner(env=environment).invoke(main, arguments, input=stdin, obj=around)

    async def type(self, *arguments: str, stdin: str = "", interactive: bool = False, code: int = 0) -> str:
        """The same beside a server in this loop; returns both outputs after checking the exit code."""
        return (await self._checked(arguments, stdin, interactive, code)).output

    async def json(self, *arguments: str, stdin: str = "") -> Any:
        """What a command prints with `--output json`."""
        return json.loads((await self._checked((*arguments, "--output", "json"), stdin)).stdout)

    async def printed(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        """What a command writes to standard output alone."""
        return (await self._checked(arguments, stdin, code=code)).stdout

    async def _checked(self, arguments: Sequence[str], stdin: str, interactive: bool = False, code: int = 0) -> Result:
        result = await asyncio.to_thread(self.run, *arguments, stdin=stdin, interactive=interactive)
        assert result.exit_code == code, (result.exit_code, result.output, result.exception)
        assert "Traceback" not in result.output
        return result

    def using(self, actor: Actor, url: str) -> "Shell":
        """The same home, with the key of one of the cast in the environment."""
        return Shell(self.home, {"MODELYARD_URL": url, "MODELYARD_API_KEY": key_of(actor).text})

    @property
    def file(self) -> ProfileFile:
        """The profiles in this home."""
        return ProfileFile(self.home / "modelyard")

    def store(self, name: str, profile: Profile) -> None:
        """Adds a profile and uses it."""
        with self.file.changing() as draft:
            draft.profiles = draft.profiles.with_profile(name, profile)


@dataclass
class Canned:
    """A server that sends the same to everybody."""

    url: str
    requests: list[bytes] = field(default_factory=list)

    @property
    def seen(self) -> bytes:
        """All that was sent to it."""
        return b"".join(self.requests)


def secured(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    """The server's side of a connection, which ends with the context."""
    with contextlib.ExitStack() as stack:
        stack.callback(connection.close)
        used = tls.wrap_socket(connection, server_side=True) if tls else connection
        stack.pop_all()
    return used


@contextmanager
def canned(pieces: bytes | Iterable[bytes], pause: float = 0, tls: ssl.SSLContext | None = None) -> Iterator[Canned]:
    """Answers each connection with these bytes, one piece after the other with pauses between, and ends it."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Canned(f"http://127.0.0.1:{listener.getsockname()[1]}")
    sent = [pieces] if isinstance(pieces, bytes) else list(pieces)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with contextlib.suppress(OSError), secured(connection, tls) as connection:
                    server.requests.append(connection.recv(65_536))
                    for piece in sent:
                        connection.sendall(piece)
                        time.sleep(pause)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def http(body: bytes, status: str = "200 OK", media_type: str = "application/json", *headers: str) -> bytes:
    """The bytes of an answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {media_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body
