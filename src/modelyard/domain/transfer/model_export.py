"""Exports a model: finds what goes into the file, and brings it member by member."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.runtimes.base import Runtime
from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import record
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.models.cards import CardState, current_card
from modelyard.domain.models.catalog import find_model_to_change, find_version
from modelyard.domain.models.picture_files import Address, PictureKind
from modelyard.domain.models.pictures import pictures_of
from modelyard.domain.models.tables import Model, Picture, TestInput, Version
from modelyard.domain.transfer.model_format import MOST_VERSIONS, ExportTooLarge, image_member, version_member
from modelyard.domain.transfer.model_writing import Member

ALL = "all"
SECONDS_BETWEEN_PULSES = 10.0
_CHUNK = 1_048_576


class NothingActive(Conflict):
    """The model has no version that is exported by itself."""

    def __init__(self, model_id: str, versions: Sequence[str]) -> None:
        known = ", ".join(versions[-10:]) or "none"
        super().__init__(f"The model {model_id} has no active version; say which to export. Its versions: {known}.")


@dataclass(frozen=True, slots=True)
class ExportedVersion:
    """A version, with everything that goes along."""

    row: Version
    card: CardState

    @property
    def image(self) -> ContainerImage | None:
        """Its image, when the runtime holds it."""
        image = self.row.image
        return image if image is not None and image.state == ImportState.COMPLETED else None

    @property
    def test_inputs(self) -> list[tuple[str, TestInput]]:
        """Its test files, each with the name of its member."""
        files = sorted(self.row.test_inputs, key=lambda file: file.name)
        return [(version_member(self.row.version, "test-inputs", str(n)), file) for n, file in enumerate(files, 1)]


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """What is exported of a model."""

    model: Model
    versions: tuple[ExportedVersion, ...]

    @property
    def images(self) -> dict[str, ContainerImage]:
        """The images of its versions, each once, by the identifiers that the runtime has for them."""
        images = (version.image for version in self.versions)
        return {image.image_id: image for image in images if image is not None and image.image_id}

    @property
    def pictures(self) -> list[tuple[str, Picture, Address]]:
        """The name of each picture's member, the picture, and where its largest size is."""
        own = pictures_of(self.model, PictureKind.PICTURE)[:1]
        named = [("picture", picture, "background") for picture in own]
        snapshots = pictures_of(self.model, PictureKind.SNAPSHOT)
        named += [(f"snapshot-{number}", picture, "snapshot") for number, picture in enumerate(snapshots, start=1)]
        return [
            (f"pictures/{name}.{picture.extension}", picture, Address(picture.id, relation, picture.extension))
            for name, picture, relation in named
            if relation in picture.relations
        ]


async def find_export(session: AsyncSession, actor: Actor, model_id: str, wanted: str = "") -> ExportedModel:
    """A model that the actor may change, with the versions that are wanted: the file holds its image and test files.

    Args:
        wanted: a version, `all`, or nothing for the newest one that is active.

    Raises ModelNotFound, NotYourModel, VersionNotFound, NothingActive, ExportTooLarge.
    """
    model = await find_model_to_change(session, actor, model_id)
    known = [row.version for row in model.versions]
    if not wanted and not model.latest_active_version:
        raise NothingActive(model_id, known)
    numbers = known if wanted == ALL else [wanted or model.latest_active_version]
    if len(numbers) > MOST_VERSIONS:
        raise ExportTooLarge(f"The model has {len(numbers)} versions; a file holds {MOST_VERSIONS} at most.")
    rows = [await find_version(session, actor, model_id, number) for number in numbers]
    return ExportedModel(model, tuple([ExportedVersion(row, await current_card(session, row)) for row in rows]))


def record_export(session: AsyncSession, clock: Clock, actor: Actor, found: ExportedModel, *, images: bool) -> None:
    """Tells the audit trail who takes what away; before the first byte of it."""
    versions = [version.row.version for version in found.versions]
    facts = {"versions": versions, "container_images": images}
    record(session, clock, actor, "model:exported", f"model/{found.model.id}", **facts)


class ModelExporter:
    """Brings the large members of a file, one after the other.

    Args:
        directory: where an image waits until its size is known.
    """

    def __init__(self, storage: Storage, directory: Path, *, between_pulses: float = SECONDS_BETWEEN_PULSES) -> None:
        self._storage = storage
        self._directory = directory
        self._between_pulses = between_pulses

    async def members(
        self, found: ExportedModel, documents: Sequence[Member], runtime: Runtime | None
    ) -> AsyncIterator[Member | None]:
        """All members but the checksums; None while the next one is being prepared.

        Args:
            documents: those of JSON, the manifest first.
            runtime: where the images are; None leaves them out.
        """
        for each in documents:
            yield each
        for name, _, address in found.pictures:
            size = (await self._storage.head(address.storage_key)).size
            yield Member(name, size, self._storage.get_stream(address.storage_key))
        for version in found.versions:
            for name, file in version.test_inputs:
                yield Member(name, file.size, self._storage.get_stream(file.storage_key))
        for image_id in found.images if runtime else ():
            async for one in self._image(image_id, runtime):
                yield one

    async def _image(self, image_id: str, runtime: Runtime | None) -> AsyncIterator[Member | None]:
        """The tar says the size of a member before its content, but no runtime knows it: so it goes by the disk."""
        assert runtime is not None  # noqa: S101 - see above
        path = self._directory / f"{new_uuid()}.tar"
        saving = asyncio.create_task(_save(runtime, image_id, path))
        try:
            while not (await asyncio.wait([saving], timeout=self._between_pulses))[0]:
                yield None
            yield Member(image_member(image_id), await saving, _chunks_of(path))
        finally:
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
            await asyncio.to_thread(path.unlink, missing_ok=True)


async def _save(runtime: Runtime, image_id: str, path: Path) -> int:
    with await asyncio.to_thread(path.open, "xb") as file:
        async with contextlib.aclosing(runtime.save_image(image_id)) as chunks:
            async for chunk in chunks:
                await asyncio.to_thread(file.write, chunk)
        return file.tell()


async def _chunks_of(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
