"""Makes a new version out of another one of the same model: all that describes it, and nothing that was found out."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import Storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.models.cards import copy_card
from modelyard.domain.models.catalog import find_version, new_version
from modelyard.domain.models.loose_files import announced, claim_files
from modelyard.domain.models.samples import readdressed
from modelyard.domain.models.tables import TestInput, Version
from modelyard.domain.models.versions import require_place, stored_version

NOT_COPIED = frozenset(
    {
        *("id", "model_id", "version", "order_key", "created_by", "created_by_email", "created_at", "updated_at"),
        *("status", "deleted_at", "deleted_by", "image_id"),
        *("approval_asked_at", "approval_asked_by", "approval_asked_by_email"),
        *("load_passed", "run_passed", "batch_size", "explains", "detects_drift"),
        *("minimum_engines", "maximum_engines"),
    }
)
"""What a version is by itself, what its tests found, and how many engines it may have."""


class Cloner:
    """Files are copied in the storage before the transaction, never inside it."""

    def __init__(self, database: Database, clock: Clock, storage: Storage) -> None:
        self._database = database
        self._clock = clock
        self._storage = storage

    async def clone(self, actor: Actor, model_id: str, version: str, *, to: str, with_image: bool = True) -> None:
        """Adds the version `to`, which is partial.

        Args:
            with_image: whether it has the same container image, which has to be tested for it anew.

        Raises ModelNotFound, VersionNotFound, NotYourModel, VersionExists, VersionMalformed.
        """
        require(actor, Permission.DEPLOY_MODELS)
        async with self._database.read() as session:
            await require_place(session, actor, model_id, to)
            files = (await find_version(session, actor, model_id, version)).test_inputs
        copies = {file.storage_key: f"test-inputs/{model_id}/{new_uuid()}" for file in files}
        async with announced(self._database, self._clock, self._storage, list(copies.values())):
            for source, copy in copies.items():
                await self._storage.put_stream(copy, self._storage.get_stream(source))
            async with self._database.write() as session:
                await self._store(session, actor, model_id, version, to, copies, with_image=with_image)

    async def _store(
        self,
        session: AsyncSession,
        actor: Actor,
        model_id: str,
        version: str,
        to: str,
        copies: dict[str, str],
        *,
        with_image: bool,
    ) -> None:
        await require_place(session, actor, model_id, to)
        source = await find_version(session, actor, model_id, version)
        row = new_version(self._clock, actor, model_id, to)
        for name, value in copied_values(source).items():
            setattr(row, name, value)
        row.sample_input = readdressed(source.sample_input, "version", version, to)
        row.sample_output = readdressed(source.sample_output, "version", version, to)
        row.image_id = source.image_id if with_image else None
        session.add(row)
        await session.flush()
        # A file that was replaced meanwhile is left out: its copy is of what is no longer there.
        copied = [file for file in source.test_inputs if file.storage_key in copies]
        session.add_all(_copied_file(row.id, file, copies[file.storage_key]) for file in copied)
        await claim_files(session, [copies[file.storage_key] for file in copied])
        await copy_card(session, self._clock, actor, source, row)
        details = {"cloned_from": version, "container_image": with_image}
        record(session, self._clock, actor, "model:version:created", f"model/{model_id}/{to}", **details)
        await stored_version(session, actor, row)


def copied_values(source: Version) -> dict[str, Any]:
    """The columns that describe a version."""
    names = (column.key for column in inspect(Version).column_attrs)
    return {name: getattr(source, name) for name in names if name not in NOT_COPIED}


def _copied_file(version_id: int, file: TestInput, storage_key: str) -> TestInput:
    return TestInput(
        version_id=version_id,
        name=file.name,
        file_name=file.file_name,
        media_type=file.media_type,
        size=file.size,
        storage_key=storage_key,
    )
