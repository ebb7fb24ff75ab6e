"""Speak to podman or docker over the socket: calls, streams, and their errors in our words."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
from aiodocker import Docker, DockerError

from modelyard.adapters.runtimes.base import RuntimeUnavailable
from modelyard.core.errors import NotFound, PlatformError, UpstreamFailed

T = TypeVar("T")

_CALL = aiohttp.ClientTimeout(total=120, sock_connect=5)
_STREAM = aiohttp.ClientTimeout(total=None, sock_connect=5)
_OLDEST = "v1.41"
_LIBPOD = "v4.0.0"
_RACE = re.compile(r"\b(image|layer) not known|locating (image|item)|container state improper|could not be stopped")
_IN_USE = re.compile("in use|being used")
_RACE_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_NO_CONNECTION = 900
"""What aiodocker gives as status when nothing answers."""


_NO_ROOM = "no space left on device"


class EngineApi:
    """One runtime's socket. Connections are made when they are needed and not kept.

    Args:
        socket: the path of the Unix socket, without `unix://`.
    """

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self._connector: aiohttp.UnixConnector | None = None
        self._docker: Docker | None = None
        self._greeted = False
        self._is_closed = False
        self._podman = False

    @property
    def docker(self) -> Docker:
        """The driver; made on first use, because it belongs to the running loop."""
        if self._is_closed:
            raise RuntimeUnavailable("The connection to the container runtime was closed.")
        if self._docker is None:
            # No kept connections: after a restart of the service the first call on an old one would fail.
            self._connector = aiohttp.UnixConnector(self.socket, force_close=True, limit=0)
            self._docker = Docker(url="http://runtime", connector=self._connector, timeout=_CALL, api_version=_OLDEST)
        return self._docker

    async def is_podman(self) -> bool:
        """Whether podman serves the socket. Raises RuntimeUnavailable."""
        async with self.errors(NotFound("The container runtime does not answer a ping.")):
            return self._podman

    async def ping(self) -> None:
        """Makes sure that it still answers. Raises RuntimeUnavailable."""
        async with self.errors(NotFound("The container runtime does not answer a ping.")):
            await self._greet()

    @asynccontextmanager
    async def errors(self, missing: PlatformError, failed: type[PlatformError] = UpstreamFailed) -> AsyncIterator[None]:
        """Turns the driver's errors into ours: `missing` for 404, `failed` for other refusals.

        All calls are made within it, as it also makes sure that we know who answers.
        """
        try:
            if not self._greeted:
                await self._greet()
            yield
        except DockerError as error:
            if error.status == _NO_CONNECTION:
                raise self._unavailable(error.message) from None
            if error.status == 404 or "no such container" in error.message:  # podman: 500 while it is removed
                raise missing from None
            if _NO_ROOM in error.message.lower():
                raise RuntimeUnavailable(
                    "The disk that keeps containers and images is full. Free some space.", error.message
                ) from None
            raise failed(f"The container runtime answered: {error.message}") from None
        except (aiohttp.ClientError, OSError) as error:  # also TimeoutError
            raise self._unavailable(str(error) or type(error).__name__) from None

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: AsyncIterator[bytes] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A call without time limit whose answer is read bit by bit; to be used within `errors`.

        Args:
            path: without version; `/libpod/…` for what only podman has.
        """
        version = _LIBPOD if path.startswith("/libpod/") else self.docker.api_version
        async with self.docker.session.request(
            method, f"http://runtime/{version}{path}", params=params, headers=headers, data=data, timeout=_STREAM
        ) as response:
            if response.status >= 400:
                text = await response.text()
                raise DockerError(response.status, _message_of(text))
            yield response

    async def close(self) -> None:
        """Closes the driver."""
        self._is_closed = True  # what still runs beside must not open it again
        docker, connector = self._docker, self._connector
        self._docker = self._connector = None
        self._greeted = False
        if docker is not None:
            await docker.close()
        if connector is not None:
            await connector.close()

    async def _greet(self) -> None:
        """Learns who answers and which version of the API it wants; asking podman for its version is slow."""
        async with self.docker.session.get("http://runtime/_ping") as response:
            version = response.headers.get("Api-Version", "")
            self._podman = "Libpod-Api-Version" in response.headers
        if version:
            self.docker.api_version = f"v{version}"
        self._greeted = True

    def _unavailable(self, why: str) -> RuntimeUnavailable:
        return RuntimeUnavailable(
            "The container runtime does not answer. Is podman or docker running? `modelyard doctor` tells more.",
            technical_information=f"{self.socket}: {why}",
        )


async def despite_races(call: Callable[[], Awaitable[T]], *, is_quick: bool = False) -> T:
    """The answer of a call, tried again when podman stumbled over something that changed meanwhile.

    podman looks at all images in many calls, and fails when one of them, or a layer of both, goes meanwhile; it
    also fails to remove a container that ends by itself at that moment.

    Args:
        is_quick: the call costs nothing, so that it is tried again whatever podman stumbled over.
    """
    for pause in _RACE_PAUSES:
        try:
            return await call()
        except DockerError as error:
            is_race = (is_quick and not _IN_USE.search(error.message)) or _RACE.search(error.message)
            if error.status < 500 or error.status == _NO_CONNECTION or not is_race:
                raise
            await asyncio.sleep(pause)
    return await call()


async def json_lines(response: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """The JSON objects of a streamed answer. An error among them is raised as DockerError."""
    rest = b""
    async for chunk in response.content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield _checked(line)
    if rest.strip():
        yield _checked(rest)


def _checked(line: bytes) -> dict[str, Any]:
    try:
        message: dict[str, Any] = json.loads(line)
    except ValueError:
        raise DockerError(500, "the answer is not JSON") from None
    detail = message.get("errorDetail")
    error = message.get("error") or (detail.get("message") if isinstance(detail, dict) else None)
    if error:
        raise DockerError(500, str(error))
    return message


def _message_of(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:1000]
