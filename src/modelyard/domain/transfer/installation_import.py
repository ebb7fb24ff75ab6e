"""Reads a whole installation from one file into an empty one; all of it, or nothing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.registries.base import ArchiveReader
from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.keys import require_key
from modelyard.core import postgres
from modelyard.core.clock import Clock
from modelyard.core.counted import counted
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer, SecretKeyWrong
from modelyard.domain.audit.record import PLATFORM, record
from modelyard.domain.audit.tables import AuditChain
from modelyard.domain.transfer.installation_errors import FileDamaged, FilesNotEmpty, OtherSecretKey
from modelyard.domain.transfer.installation_export import OpenRuntime
from modelyard.domain.transfer.installation_file import TarReader
from modelyard.domain.transfer.installation_images import ImageIntake
from modelyard.domain.transfer.installation_manifest import (
    FILES,
    IMAGES,
    LONGEST_MANIFEST,
    MANIFEST,
    Manifest,
    member_of_table,
    read_manifest,
)
from modelyard.domain.transfer.installation_progress import Bar, Steps
from modelyard.domain.transfer.installation_rows import give_new_numbers, insert_rows, read_rows, require_empty
from modelyard.domain.transfer.installation_tables import at_home, moved_tables

UNFINISHED = "import.unfinished"
"""A file that is in the data directory as long as an import may have left files there."""


@dataclass(frozen=True, slots=True)
class InstallationImport:
    """Fills a database that has the newest schema, and a store for files, both empty.

    Files and images come first, then all rows in one transaction: until it is committed, nothing counts.

    Args:
        open_runtime: None leaves images out.
        data_dir: of the installation; nobody else may be using it.
        uploads: where uploaded image archives wait.
        schema: that of the database.
    """

    database: Database
    storage: Storage
    sealer: Sealer
    clock: Clock
    archives: ArchiveReader
    open_runtime: OpenRuntime | None
    data_dir: Path
    uploads: Path
    schema: str

    async def read(self, source: IO[bytes], steps: Steps) -> Manifest:
        """Reads the file and returns what was in it. On any error, nothing of it stays."""
        with closing(TarReader(source, self.data_dir)) as tar:
            return await self._read(tar, steps)

    async def _read(self, tar: TarReader, steps: Steps) -> Manifest:
        tar.advance()
        if tar.name != MANIFEST:
            raise FileDamaged("This is no exported installation; `modelyard export` writes one.")
        manifest = read_manifest(tar.whole(LONGEST_MANIFEST), schema=self.schema)
        _require_known_tables(manifest)
        self._require_key(manifest)
        await self._require_room()
        tar.advance()
        async with AsyncExitStack() as stack:
            images = None
            if self.open_runtime is not None and manifest.images:
                runtime = await stack.enter_async_context(self.open_runtime())
                images = ImageIntake(runtime, self.archives, self.data_dir)
            try:
                await self._read_all(tar, manifest, images, steps)
            except BaseException:
                await self._take_back(images)
                raise
            self._unfinished.unlink()
        return manifest

    @property
    def _unfinished(self) -> Path:
        return self.data_dir / UNFINISHED

    def _require_key(self, manifest: Manifest) -> None:
        try:
            self.sealer.open(manifest.key_check)
        except SecretKeyWrong:
            raise OtherSecretKey from None

    async def _require_room(self) -> None:
        async with self.database.read() as session:
            await require_empty(session)
        if self._unfinished.exists():
            await self._remove_files()
        async for file in self.storage.list_files():
            raise FilesNotEmpty(file.key)

    async def _read_all(self, tar: TarReader, manifest: Manifest, images: ImageIntake | None, steps: Steps) -> None:
        self._unfinished.touch()
        await self._read_files(tar, manifest, steps)
        await self._read_images(tar, manifest, images, steps)
        async with self.database.write() as session:
            if not self.database.is_sqlite:
                await postgres.wait_for_us(session)
            await require_empty(session)
            await session.execute(delete(AuditChain))
            for table in moved_tables():
                if manifest.tables.get(table.name):
                    with steps.step(f"table {table.name}") as bar:
                        await self._read_table(session, tar, table, manifest, images, bar)
            with steps.step("checksums"):
                tar.compare_checksums()
            await give_new_numbers(session)
            contents = {"rows": sum(manifest.tables.values()), "files": manifest.files, "images": len(manifest.images)}
            origin = {"exported_at": manifest.exported_at, "exported_by_version": manifest.version}
            record(session, self.clock, PLATFORM, "installation:imported", "installation", **contents, **origin)

    async def _read_files(self, tar: TarReader, manifest: Manifest, steps: Steps) -> None:
        if not manifest.files and not tar.name.startswith(FILES):
            return
        number = done = 0
        with steps.step("files") as bar:
            while tar.name.startswith(FILES):
                await self._read_file(tar)
                number, done = number + 1, done + tar.size
                bar.share(done / max(1, manifest.file_bytes))
                tar.advance()
            bar.result(f"{counted(number, 'file')}, {counted(done, 'byte')}")
        number = len([file.size async for file in self.storage.list_files()])  # fewer, when one came twice
        if (number, done) != (manifest.files, manifest.file_bytes):
            raise FileDamaged("The file does not have the stored files that its manifest says.")

    async def _read_file(self, tar: TarReader) -> None:
        try:
            key = require_key(tar.name.removeprefix(FILES))
        except ValueError:
            raise FileDamaged(f"The file has a stored file under a name that none has: {tar.name[:200]!r}.") from None
        await self.storage.put_stream(key, _chunks(tar.content()))

    async def _read_images(self, tar: TarReader, manifest: Manifest, images: ImageIntake | None, steps: Steps) -> None:
        for image in manifest.images:
            if tar.name != image.member:
                raise FileDamaged(f"The file does not have the image {image.image_id}, as its manifest says.")
            if images is not None:
                with steps.step(image.label) as bar:
                    await images.take(image, tar.content(), bar)
            tar.advance()
        if tar.name.startswith(IMAGES):
            raise FileDamaged("The file has an image that its manifest does not name.")

    async def _read_table(
        self,
        session: AsyncSession,
        tar: TarReader,
        table: Table,
        manifest: Manifest,
        images: ImageIntake | None,
        bar: Bar,
    ) -> None:
        expected = manifest.tables[table.name]
        if tar.name != member_of_table(table.name):
            raise FileDamaged(f"The file does not have the table {table.name} where it has to be.")
        renamed = images.renamed if images is not None else {}
        done = 0
        for rows in read_rows(table, tar.content(), expected):
            home = [at_home(table, row, uploads=self.uploads, renamed=renamed) for row in rows]
            await insert_rows(session, table, home, done + 1)
            done += len(rows)
            bar.share(done / expected)
        bar.result(counted(done, "row"))
        tar.advance()

    async def _take_back(self, images: ImageIntake | None) -> None:
        await self._remove_files()
        if images is not None:
            await images.take_back()
        self._unfinished.unlink(missing_ok=True)

    async def _remove_files(self) -> None:
        for key in [file.key async for file in self.storage.list_files()]:
            await self.storage.delete(key)


def _require_known_tables(manifest: Manifest) -> None:
    if unknown := manifest.tables.keys() - {table.name for table in moved_tables()}:
        raise FileDamaged(f"The manifest of the file is damaged: there is no table {min(unknown)[:100]!r}.")


async def _chunks(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in content:
        yield chunk
