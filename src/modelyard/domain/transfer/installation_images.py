"""Gives the images of an imported installation to the container runtime, and takes them back when it fails."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from modelyard.adapters.registries.base import ArchiveReader
from modelyard.adapters.runtimes.base import ImageNotFound, Runtime
from modelyard.core.counted import counted
from modelyard.core.errors import PlatformError
from modelyard.domain.images.tasks import REPOSITORY
from modelyard.domain.transfer.installation_errors import ImageNotMoved
from modelyard.domain.transfer.installation_manifest import MovedImage
from modelyard.domain.transfer.installation_progress import Bar


@dataclass(slots=True)
class ImageIntake:
    """Takes images.

    Args:
        scratch: a directory for their archives.
    """

    runtime: Runtime
    archives: ArchiveReader
    scratch: Path
    renamed: dict[str, str] = field(default_factory=dict)
    """What the runtime calls images here, by what they were called."""
    _new: list[str] = field(default_factory=list)
    """Names that were not there before, and what has none of them."""

    async def take(self, image: MovedImage, chunks: Iterator[bytes], bar: Bar) -> None:
        """Checks an archive to its last byte and loads it, unless the image is there. Raises ImageNotMoved."""
        try:
            self.renamed[image.image_id] = held = await self._held(image.image_id) or await self._load(chunks, bar)
            for name in image.names:
                await self._name(held, name)
        except PlatformError as error:
            raise ImageNotMoved(
                f"The {image.label} could not be imported: {error.message}", error.technical_information
            ) from error

    async def take_back(self) -> None:
        """Removes what was not there before; what cannot be removed stays, which harms nothing."""
        for name in reversed(self._new):
            with suppress(PlatformError):
                await self.runtime.remove_image(name)

    async def _held(self, image: str) -> str | None:
        try:
            return (await self.runtime.inspect_image(image)).image_id
        except ImageNotFound:
            return None

    async def _load(self, chunks: Iterator[bytes], bar: Bar) -> str:
        archive = self.scratch / "import.image.tar"
        try:
            with archive.open("wb") as file:
                _copy(chunks, file, bar)
            bar.note("checking")
            await self.archives.describe(archive, architecture=(await self.runtime.facts()).architecture)
            bar.note("loading")
            image_id = await self.runtime.load_image(archive)
        finally:
            archive.unlink(missing_ok=True)
        self._new.append(image_id)
        return image_id

    async def _name(self, image_id: str, name: str) -> None:
        """With a name of ours nobody prunes it as unused."""
        if await self._held(f"{REPOSITORY}:{name}") is None:
            self._new.append(f"{REPOSITORY}:{name}")
            await self.runtime.tag_image(image_id, REPOSITORY, name)


def _copy(chunks: Iterator[bytes], target: IO[bytes], bar: Bar) -> None:
    for chunk in chunks:
        target.write(chunk)
        bar.note(counted(target.tell(), "byte"))
