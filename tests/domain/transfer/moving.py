"""Exports and imports as the command line does, with what tests pass in."""

import io
from dataclasses import dataclass, field
from pathlib import Path

from modelyard.adapters.registries.archive import TarArchiveReader
from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.clock import SystemClock
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.transfer.installation_export import InstallationExport, OpenRuntime
from modelyard.domain.transfer.installation_import import InstallationImport
from modelyard.domain.transfer.installation_manifest import Manifest
from modelyard.domain.transfer.installation_progress import Unwatched
from modelyard.migrations.upgrade import HEAD
from tests.cast import SECRET


@dataclass
class Place:
    """Where an installation is."""

    database: Database
    directory: Path
    storage: Storage = field(default_factory=memory_storage)
    open_runtime: OpenRuntime | None = None
    secret: str = SECRET
    schema: str = HEAD

    @property
    def sealer(self) -> Sealer:
        return Sealer(self.secret.encode())

    async def export(self) -> bytes:
        """The whole file."""
        written = io.BytesIO()
        await InstallationExport(
            self.database, self.storage, self.sealer, SystemClock(), self.open_runtime, self.directory, self.schema
        ).write(written, Unwatched())
        return written.getvalue()

    async def take(self, data: bytes) -> Manifest:
        """Imports a file."""
        return await InstallationImport(
            self.database,
            self.storage,
            self.sealer,
            SystemClock(),
            TarArchiveReader(10**9),
            self.open_runtime,
            data_dir=self.directory,
            uploads=self.directory / "uploads",
            schema=self.schema,
        ).read(io.BytesIO(data), Unwatched())

    async def keys(self) -> list[str]:
        """All stored files."""
        return sorted([file.key async for file in self.storage.list_files()])
