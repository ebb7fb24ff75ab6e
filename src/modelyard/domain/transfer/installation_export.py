"""Writes a whole installation into one file."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncSession

import modelyard
from modelyard.adapters.runtimes.base import ImageNotFound, Runtime
from modelyard.adapters.storage.base import Storage, StoredFile
from modelyard.core import postgres
from modelyard.core.clock import Clock
from modelyard.core.counted import counted
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.domain.images.copies import IMAGES
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.models.tables import LooseFile, Version
from modelyard.domain.transfer.installation_file import TarWriter, scratch_file
from modelyard.domain.transfer.installation_manifest import (
    FILES,
    MANIFEST,
    Manifest,
    MovedImage,
    member_of_table,
    new_manifest,
    write_manifest,
)
from modelyard.domain.transfer.installation_progress import Bar, Steps
from modelyard.domain.transfer.installation_rows import ROWS_AT_ONCE, count_rows, written_rows
from modelyard.domain.transfer.installation_tables import moved_tables

KEY_CHECK = "modelyard installation"
OpenRuntime = Callable[[], AbstractAsyncContextManager[Runtime]]
"""Opens the container runtime, when there is an image to move."""


@dataclass(frozen=True, slots=True)
class InstallationExport:
    """Reads one state of an installation that no server runs on.

    Args:
        open_runtime: None leaves images behind.
        scratch: a directory for what is too large for memory.
        schema: that of the database.
    """

    database: Database
    storage: Storage
    sealer: Sealer
    clock: Clock
    open_runtime: OpenRuntime | None
    scratch: Path
    schema: str

    async def write(self, target: IO[bytes], steps: Steps) -> Manifest:
        """Writes the file and returns what is in it."""
        async with self.database.write() as session:
            record(session, self.clock, PLATFORM, "installation:exported", "installation")
        async with self.database.read() as session:
            if not self.database.is_sqlite:
                await postgres.wait_for_us(session)
            images = await _images_in_use(session)
            if self.open_runtime is None or not images:
                return await self._write(session, target, steps, None, images)
            async with self.open_runtime() as runtime:
                return await self._write(session, target, steps, runtime, images)

    async def _write(
        self, session: AsyncSession, target: IO[bytes], steps: Steps, runtime: Runtime | None, images: list[MovedImage]
    ) -> Manifest:
        loose = set(await session.scalars(select(LooseFile.storage_key)))
        manifest = await self._describe(session, runtime, images, loose)
        with closing(TarWriter(target, self.scratch)) as tar:
            await self._write_members(session, tar, steps, runtime, manifest, loose)
        return manifest

    async def _write_members(
        self,
        session: AsyncSession,
        tar: TarWriter,
        steps: Steps,
        runtime: Runtime | None,
        manifest: Manifest,
        loose: set[str],
    ) -> None:
        await tar.add(MANIFEST, write_manifest(manifest))
        await self._write_files(tar, steps, manifest, loose)
        for image in manifest.images:
            assert runtime is not None  # noqa: S101 - it was asked for them
            with steps.step(image.label) as bar:
                await self._write_image(tar, runtime, image, bar)
        for table in moved_tables():
            if total := manifest.tables[table.name]:
                with steps.step(f"table {table.name}") as bar:
                    await self._write_table(session, tar, table, total, bar)
        tar.finish()

    async def _describe(
        self, session: AsyncSession, runtime: Runtime | None, images: list[MovedImage], loose: set[str]
    ) -> Manifest:
        held, missing = await _look_for(runtime, images)
        sizes = [file.size async for file in self._files(loose)]
        return new_manifest(
            schema=self.schema,
            version=modelyard.__version__,
            exported_at=self.clock.now().isoformat(),
            key_check=self.sealer.seal(KEY_CHECK),
            tables=await count_rows(session),
            files=(len(sizes), sum(sizes)),
            images=held,
            missing=missing,
        )

    async def _write_files(self, tar: TarWriter, steps: Steps, manifest: Manifest, loose: set[str]) -> None:
        if not manifest.files:
            return
        with steps.step("files") as bar:
            done = 0
            async for file in self._files(loose):
                await tar.add_stream(FILES + file.key, file.size, self.storage.get_stream(file.key))
                done += file.size
                bar.share(done / max(1, manifest.file_bytes))
            bar.result(f"{counted(manifest.files, 'file')}, {counted(manifest.file_bytes, 'byte')}")

    async def _files(self, loose: set[str]) -> AsyncIterator[StoredFile]:
        """All that is part of something."""
        async for file in self.storage.list_files():
            if file.key not in loose and not file.key.startswith(f"{IMAGES}/"):  # images are moved by themselves
                yield file

    async def _write_image(self, tar: TarWriter, runtime: Runtime, image: MovedImage, bar: Bar) -> None:
        with scratch_file(self.scratch) as content:
            async with aclosing(runtime.save_image(image.image_id)) as chunks:
                async for chunk in chunks:
                    content.write(chunk)
                    bar.note(counted(content.tell(), "byte"))
            bar.result(counted(content.tell(), "byte"))
            await tar.add_rest(image.member, content)

    async def _write_table(self, session: AsyncSession, tar: TarWriter, table: Table, total: int, bar: Bar) -> None:
        with scratch_file(self.scratch) as content:
            done = 0
            async for line in written_rows(session, table):
                content.write(line)
                done += 1
                if done % ROWS_AT_ONCE == 0:
                    bar.share(done / total)
            bar.result(counted(total, "row"))
            await tar.add_rest(member_of_table(table.name), content)


async def _images_in_use(session: AsyncSession) -> list[MovedImage]:
    """Each image of a version once, with all names that we gave it."""
    query = (
        select(ContainerImage.image_id, ContainerImage.reference, ContainerImage.id)
        .where(ContainerImage.state == ImportState.COMPLETED, ContainerImage.image_id.is_not(None))
        .where(ContainerImage.id.in_(select(Version.image_id)))
        .order_by(ContainerImage.created_at, ContainerImage.id)
    )
    found: dict[str, MovedImage] = {}
    for image_id, reference, name in await session.execute(query):
        assert image_id is not None  # noqa: S101 - says the query
        before = found.get(image_id, MovedImage(image_id, reference, ()))
        found[image_id] = MovedImage(image_id, before.reference, (*before.names, name))
    return list(found.values())


async def _look_for(
    runtime: Runtime | None, images: list[MovedImage]
) -> tuple[tuple[MovedImage, ...], tuple[MovedImage, ...]]:
    """Those that can be had, and those that cannot."""
    held: dict[bool, list[MovedImage]] = {True: [], False: []}
    for image in images:
        held[runtime is not None and await _holds(runtime, image.image_id)].append(image)
    return tuple(held[True]), tuple(held[False])


async def _holds(runtime: Runtime, image: str) -> bool:
    try:
        await runtime.inspect_image(image)
    except ImageNotFound:
        return False
    return True
