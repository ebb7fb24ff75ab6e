"""Images of podman or docker: pull, load, inspect, name and remove them."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from aiodocker import DockerError

from modelyard.adapters.runtimes.archive_stream import ArchiveStream
from modelyard.adapters.runtimes.base import (
    ArchiveRejected,
    Credentials,
    ImageFacts,
    ImageInUse,
    ImageLayer,
    ImageNotFound,
    ImagePullFailed,
    OnProgress,
    PullProgress,
)
from modelyard.adapters.runtimes.engine_api import EngineApi, despite_races, json_lines
from modelyard.adapters.runtimes.readings import read_image, read_layers
from modelyard.core.errors import PlatformError

_MISSING = re.compile(
    r"manifest unknown|name unknown|repository .*(not found|does not exist)|no such image|manifest for .* not found",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"unauthorized|authentication required|access .*denied|denied:", re.IGNORECASE)
_IMAGE_ID = re.compile(r"(sha256:)?[0-9a-f]{12,64}")
_PROGRESS_SECONDS = 0.5
_SAVED_AT_ONCE = 1_048_576


class EngineImages:
    """The images that the runtime holds."""

    def __init__(self, api: EngineApi) -> None:
        self._api = api

    async def pull(
        self, reference: str, credentials: Credentials | None, insecure: bool, on_progress: OnProgress | None
    ) -> str:
        """See `Runtime.pull_image`."""
        async with self._api.errors(ImageNotFound(f"There is no image {reference}.")):
            try:
                name = await despite_races(lambda: self._stream_pull(reference, credentials, insecure, on_progress))
            except DockerError as error:
                raise _pull_error(reference, error.message, credentials) from None
        return (await self.inspect(name)).image_id

    async def load(self, archive: Path, on_progress: OnProgress | None) -> str:
        """See `Runtime.load_image`."""
        async with self._api.errors(ArchiveRejected("The container runtime takes no archives.")):
            try:
                name = await despite_races(lambda: self._send_archive(archive, on_progress))
            except DockerError as error:
                raise _archive_error(error.message) from None
        return (await self.inspect(name)).image_id

    async def save(self, image: str) -> AsyncGenerator[bytes, None]:
        """See `Runtime.save_image`."""
        await self._show(image)  # podman answers 500 for one that it does not hold
        async with (
            self._api.errors(_no_image(image)),
            self._api.stream("GET", f"/images/{quote(image, safe='')}/get") as response,
        ):
            async for chunk in response.content.iter_chunked(_SAVED_AT_ONCE):
                yield chunk

    async def inspect(self, image: str) -> ImageFacts:
        """See `Runtime.inspect_image`."""
        return read_image(await self._show(image))

    async def layers(self, image: str) -> tuple[ImageLayer, ...]:
        """See `Runtime.image_layers`."""
        async with self._api.errors(_no_image(image)):
            answer: Any = await despite_races(lambda: self._api.docker.images.history(image), is_quick=True)
        return read_layers(answer)

    async def tag(self, image: str, repository: str, tag: str) -> None:
        """See `Runtime.tag_image`."""
        async with self._api.errors(_no_image(image)):
            await despite_races(lambda: self._api.docker.images.tag(image, repository, tag=tag), is_quick=True)

    async def remove(self, image: str) -> None:
        """See `Runtime.remove_image`. Never forced: podman would remove the containers of the image, too."""
        try:
            names = (await self._show(image)).get("RepoTags") or []
            several = _IMAGE_ID.fullmatch(image) is not None and len(names) > 1
            for name in names if several else [image]:
                await self._remove_name(name)
        except ImageNotFound:
            return

    async def _remove_name(self, image: str) -> None:
        try:
            async with self._api.errors(_no_image(image)):
                await despite_races(lambda: self._api.docker.images.delete(image), is_quick=True)
        except PlatformError as error:
            if "in use" in error.message or "being used" in error.message:
                raise ImageInUse(f"A container still uses the image {image}; remove the container first.") from None
            raise

    async def _show(self, image: str) -> Mapping[str, Any]:
        async with self._api.errors(_no_image(image)):
            return await despite_races(lambda: self._api.docker.images.inspect(image), is_quick=True)

    async def _stream_pull(
        self, reference: str, credentials: Credentials | None, insecure: bool, on_progress: OnProgress | None
    ) -> str:
        """Id or name of what was pulled."""
        path, params = _pull_call(reference, insecure, podman=await self._api.is_podman())
        headers = {"X-Registry-Auth": _registry_header(credentials)} if credentials else {}
        name = reference
        async with self._api.stream("POST", path, params=params, headers=headers) as response:
            async for message in json_lines(response):
                name = str(message["id"]) if message.get("images") else name
                await _report_pull(message, on_progress)
        return name

    async def _send_archive(self, archive: Path, on_progress: OnProgress | None) -> str:
        """The name of what was loaded."""
        stream = await _open_archive(archive)
        path = "/libpod/images/load" if await self._api.is_podman() else "/images/load"
        try:
            return await self._post_archive(path, _reporting(stream, on_progress))
        except (aiohttp.ClientError, OSError):
            if stream.failure is not None:
                raise _archive_error(stream.failure) from None
            raise

    async def _post_archive(self, path: str, data: AsyncIterator[bytes]) -> str:
        name = ""
        async with self._api.stream("POST", path, headers={"Content-Type": "application/x-tar"}, data=data) as response:
            async for message in json_lines(response):
                name = name or _loaded_name(message)
        if not name:
            raise DockerError(500, "the runtime found no image in it")
        return name


def _no_image(image: str) -> ImageNotFound:
    return ImageNotFound(f"The container runtime holds no image {image}; pull or upload it again.")


def _pull_call(reference: str, insecure: bool, *, podman: bool) -> tuple[str, dict[str, str]]:
    """Path and parameters. podman's own call can speak to registries without TLS, the compatible one cannot."""
    if podman:
        params = {"reference": reference, "tlsVerify": "false" if insecure else "true"}
        return "/libpod/images/pull", params
    named = "@" in reference or ":" in reference.rpartition("/")[2]
    params = {"fromImage": reference} if named else {"fromImage": reference, "tag": "latest"}
    return "/images/create", params


def _registry_header(credentials: Credentials) -> str:
    account = {"username": credentials.username, "password": credentials.password}
    return base64.urlsafe_b64encode(json.dumps(account).encode()).decode()


async def _report_pull(message: Mapping[str, Any], on_progress: OnProgress | None) -> None:
    text = str(message.get("stream") or message.get("status") or "").strip()
    if on_progress is None or not text:
        return
    detail = message.get("progressDetail") or {}
    await on_progress(PullProgress(text, detail.get("current", -1), detail.get("total", -1)))


def _pull_error(reference: str, message: str, credentials: Credentials | None) -> PlatformError:
    if credentials is not None and credentials.password:
        message = message.replace(credentials.password, "…")
    if _MISSING.search(message):
        return ImageNotFound(f"The registry has no image {reference}.", technical_information=message)
    if _REFUSED.search(message):
        advice = "check the registry's user name and password." if credentials else "it wants credentials."
        return ImagePullFailed(f"The registry refused {reference}: {advice}", technical_information=message)
    if "server gave HTTP response to HTTPS client" in message:
        return ImagePullFailed(
            f"The registry of {reference} does not speak TLS; allow it as an insecure registry.",
            technical_information=message,
        )
    return ImagePullFailed(f"The image {reference} could not be pulled: {message}", technical_information=message)


async def _open_archive(archive: Path) -> ArchiveStream:
    try:
        return await asyncio.to_thread(ArchiveStream, archive)
    except OSError as error:
        raise _archive_error(str(error.strerror)) from None


def _archive_error(message: str) -> ArchiveRejected:
    return ArchiveRejected(
        "The archive holds no image that can be loaded; make it with `docker save` or `podman save`.",
        technical_information=message,
    )


def _loaded_name(message: Mapping[str, Any]) -> str:
    """What was loaded: podman gives names, docker a sentence."""
    if message.get("Names"):
        return str(message["Names"][0])
    found = re.search(r"Loaded image(?: ID)?: (\S+)", str(message.get("stream", "")))
    return found.group(1) if found else ""


async def _reporting(stream: ArchiveStream, on_progress: OnProgress | None) -> AsyncIterator[bytes]:
    """The archive's bytes; tells how far it is now and then."""
    loop = asyncio.get_running_loop()
    next_report = 0.0
    async for chunk in stream.chunks():
        if on_progress is not None and loop.time() >= next_report:
            await on_progress(PullProgress("Loading the archive", stream.done_bytes, stream.total_bytes))
            next_report = loop.time() + _PROGRESS_SECONDS
        yield chunk
