"""Bytes of items: small ones in the database row, large ones in the storage."""

from typing import Any

from modelyard.adapters.storage.base import Storage
from modelyard.core.ids import new_uuid
from modelyard.domain.inputs.items import InputValue
from modelyard.domain.jobs.tables import ItemInput, ItemOutput

LARGEST_IN_ROW = 65_536
INPUTS, OUTPUTS = "inputs", "outputs"


class BlobStore:
    """Decides where bytes go and brings them back."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    async def keep(self, kind: str, job_id: str, data: bytes) -> tuple[bytes | None, str | None]:
        """Row bytes and storage key, exactly one of them set. Large data is in the storage afterwards."""
        if len(data) <= LARGEST_IN_ROW:
            return data, None
        key = f"{kind}/{job_id}/{new_uuid()}"
        await self.storage.put(key, data)
        return None, key

    async def read(self, row: ItemInput | ItemOutput) -> bytes:
        """The bytes of an input or output. Raises StoredFileNotFound."""
        if row.storage_key is not None:
            return await self.storage.get(row.storage_key)
        return row.data or b""

    async def forget(self, kind: str, job_id: str) -> None:
        """Deletes what a job has in the storage."""
        await self.storage.delete_below(f"{kind}/{job_id}")


def input_row(value: InputValue, data: bytes | None, key: str | None) -> dict[str, Any]:
    """The columns of an input whose bytes were kept, or of one that is to be fetched."""
    size = len(value.data)
    return {"name": value.name, "size": size, "data": data, "storage_key": key, "location": value.location}
