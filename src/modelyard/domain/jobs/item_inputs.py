"""The inputs of claimed items, brought to where they are needed; one that cannot be had fails its own item only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.status import ErrorSide
from modelyard.domain.jobs.tables import ItemInput


@dataclass(slots=True)
class Inputs:
    """The inputs of one item by name; with an error it cannot be run."""

    values: dict[str, bytes] = field(default_factory=dict)
    error: str | None = None
    error_side: ErrorSide | None = None


async def read_inputs(session: AsyncSession, blobs: BlobStore, item_ids: Iterable[int]) -> Mapping[int, Inputs]:
    """The inputs of several items. Raises Unavailable when the storage does not work."""
    found = {item: Inputs() for item in item_ids}
    for row in await session.scalars(select(ItemInput).where(ItemInput.item_id.in_(found))):
        inputs = found[row.item_id]
        try:
            inputs.values[row.name] = await blobs.read(row)
        except StoredFileNotFound:
            inputs.error = f"the input {row.name!r} is not in the platform's storage any more"
            inputs.error_side = ErrorSide.PLATFORM
    return found
