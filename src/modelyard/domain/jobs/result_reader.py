"""Reads the results of a job of any size a portion at a time, and what is in their outputs as a stream."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, Select, bindparam, func, null, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import Storage, StoredFileNotFound
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.domain.inference.outputs import JSON, LARGEST_CHECKED
from modelyard.domain.jobs.results import FinishedItemKey
from modelyard.domain.jobs.tables import ItemOutput, ItemVote, JobItem

ITEMS_AT_ONCE = 1_000
BYTES_AT_ONCE = 1_048_576


class OutputLost(Unavailable):
    """The storage does not have an output that it should have."""

    def __init__(self, output: str, key: str) -> None:
        super().__init__(
            f"The file of the output {output[:100]!r} is missing in the storage; tell the administrator.", key
        )


@dataclass(frozen=True, slots=True)
class StoredOutput:
    """An output and where its bytes are: here, unless they were not asked for, or in the storage."""

    name: str
    media_type: str
    size: int
    data: bytes | None
    storage_key: str | None

    @property
    def is_json(self) -> bool:
        """Whether it is JSON that was found valid when it was stored, and so can be part of a larger document."""
        return self.media_type == JSON and self.size <= LARGEST_CHECKED


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A finished item with its votes and outputs. Times in milliseconds."""

    id: int
    name: str
    is_good: bool
    engine: str | None
    error: str | None
    error_side: str | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    fetch_ms: int | None
    latency_ms: int | None
    votes_up: int
    votes_down: int
    outputs: tuple[StoredOutput, ...] = ()


def _votes(*, up: bool) -> ScalarSelect[int]:
    votes = select(func.count()).where(ItemVote.item_id == JobItem.id, ItemVote.is_up.is_(up))
    return votes.correlate(JobItem).scalar_subquery()


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
# Made once: for a job of one item, putting statements together would take longer than running them.
_ITEMS = select(
    JobItem.id,
    JobItem.name,
    JobItem.engine,
    JobItem.error,
    JobItem.error_side,
    JobItem.queued_at,
    JobItem.started_at,
    JobItem.finished_at,
    JobItem.fetch_ms,
    JobItem.latency_ms,
    _votes(up=True),
    _votes(up=False),
).where(JobItem.id.in_(_IDS))


def _outputs(data: Any) -> Select[Any]:
    output = ItemOutput
    columns = (output.item_id, output.name, output.media_type, output.size, data, output.storage_key)
    return select(*columns).where(output.item_id.in_(_IDS)).order_by(output.item_id, output.name)


_OUTPUTS = _outputs(ItemOutput.data)
_OUTPUTS_WITHOUT_DATA = _outputs(null())


class ResultReader:
    """Reads what `results.py` has found. No transaction stays open while a slow caller takes a portion."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def portions(
        self, items: Iterable[FinishedItemKey], *, with_data: bool = True
    ) -> AsyncIterator[list[ItemResult]]:
        """The results of these items in their order, so many at once as fit into little memory."""
        for portion in split_into_portions(items, is_light=not with_data):
            async with self._database.read() as session:
                results = await _read_portion(session, portion, with_data=with_data)
            yield results

    async def content(self, output: StoredOutput, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of an output from start to before end. Raises OutputLost, StorageUnavailable."""
        if output.storage_key is None:
            yield (output.data or b"")[start:end]
            return
        try:
            async for chunk in self._storage.get_stream(output.storage_key, start=start, end=end):
                yield chunk
        except StoredFileNotFound as error:
            raise OutputLost(output.name, output.storage_key) from error


def split_into_portions(items: Iterable[FinishedItemKey], *, is_light: bool) -> Iterator[list[FinishedItemKey]]:
    """Items that are read together: not too many, nor with too many bytes unless a single one has more.

    Args:
        is_light: that the bytes are not read.
    """
    portion: list[FinishedItemKey] = []
    size = 0
    for item in items:
        weight = 0 if is_light else item.bytes_in_rows
        if portion and (len(portion) == ITEMS_AT_ONCE or size + weight > BYTES_AT_ONCE):
            yield portion
            portion, size = [], 0
        portion.append(item)
        size += weight
    if portion:
        yield portion


async def _read_portion(session: AsyncSession, portion: list[FinishedItemKey], *, with_data: bool) -> list[ItemResult]:
    ids = {"ids": [item.id for item in portion]}
    rows: dict[int, Any] = {row.id: row for row in await session.execute(_ITEMS, ids)}
    outputs: dict[int, list[StoredOutput]] = {}
    for item_id, *values in await session.execute(_OUTPUTS if with_data else _OUTPUTS_WITHOUT_DATA, ids):
        outputs.setdefault(item_id, []).append(StoredOutput(*values))
    results = []
    for item in portion:
        if row := rows.get(item.id):  # unless the job was deleted meanwhile
            number, name, *facts = tuple(row)
            values = [number, name, item.is_good, *facts, tuple(outputs.get(number, ()))]
            results.append(ItemResult(*values))
    return results
