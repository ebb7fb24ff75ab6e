"""Inputs that are elsewhere, fetched for one pump beside its other work, so that a slow source holds up nobody else."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import Unavailable
from modelyard.core.patience import patiently
from modelyard.domain.jobs.claims import Claim, ClaimedItem, FinishedItem
from modelyard.domain.jobs.item_inputs import InputPlaces, InputReader, Inputs
from modelyard.domain.jobs.spool import Spool
from modelyard.domain.jobs.tables import Job

MOST_JOBS = 6
"""Whose items are fetched for one engine at the same time; after that, none that are elsewhere are claimed."""
MOST_OF_A_LANE = 16
SECONDS_BETWEEN_LOOKS = 3.0
"""At whether a job still wants its inputs."""


@dataclass(slots=True, eq=False)
class Chunk:
    """Items claimed together that are run one after the other, and how far that has come."""

    claim: Claim
    inputs: Mapping[int, Inputs]
    is_full: bool
    is_fetched: bool = False
    looked_at: float = 0.0
    """When it was ready or looked at; on the monotonic clock, in seconds."""
    held: set[int] | None = None
    """Numbers of the items that were still to be run then; None for all."""
    running: tuple[ClaimedItem, ...] = ()
    finished: list[FinishedItem] = field(default_factory=list)

    @property
    def waiting(self) -> list[ClaimedItem]:
        """Items that were not begun."""
        begun = {outcome.item.id for outcome in self.finished} | {item.id for item in self.running}
        return [item for item in self.claim.items if item.id not in begun]


@dataclass(slots=True)
class Fetching:
    """What one pump has fetched meanwhile. `note_ready` is called with each chunk whose inputs are there."""

    database: Database
    clock: Clock
    reader: InputReader
    spool: Spool
    note_ready: Callable[[Chunk], None]
    _under_way: dict[asyncio.Task[None], Chunk] = field(default_factory=dict)

    def begin(self, chunk: Chunk, places: InputPlaces) -> None:
        """Fetches the inputs of the items of one job."""
        task = asyncio.create_task(self._fetch(chunk, places))
        self._under_way[task] = chunk
        task.add_done_callback(lambda ended: self._under_way.pop(ended, None))

    def most_of_a_lane(self, most: int) -> int:
        """How many items that are elsewhere one lane may have under way or ready, where claims are so large."""
        return min(most, MOST_OF_A_LANE) if len(self._under_way) < MOST_JOBS else 0

    def lanes(self, ready: deque[Chunk]) -> Counter[int | None]:
        """How many items of each lane are under way, or wait here to be run."""
        chunks = (*self._under_way.values(), *ready)
        return Counter(item.lane_id for chunk in chunks for item in chunk.claim.items)

    async def stop(self) -> None:
        """Ends all of it; what was under way has no inputs then."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(self, chunk: Chunk, places: InputPlaces) -> None:
        nothing = {item.id: Inputs(is_postponed=True) for item in chunk.claim.items}
        bringing = asyncio.create_task(patiently(self.clock, lambda: self.reader.bring(places, self.spool)))
        try:
            while not (await asyncio.wait([bringing], timeout=SECONDS_BETWEEN_LOOKS))[0]:
                if not await self._is_wanted(chunk):
                    break
            chunk.inputs = bringing.result() if bringing.done() else nothing
        except Exception as error:  # noqa: BLE001 - it must not harm the items of others, nor the engine
            for inputs in nothing.values():
                inputs.is_postponed = False
                inputs.fail_unexpectedly(error)
            chunk.inputs = nothing
        finally:
            bringing.cancel()
            await asyncio.wait([bringing])
        self.note_ready(chunk)

    async def _is_wanted(self, chunk: Chunk) -> bool:
        """Whether the job still runs; what cannot be known is taken for that."""
        running = select(Job.id).where(Job.id == chunk.claim.items[0].job_id, Job.finished_at.is_(None))
        with contextlib.suppress(Unavailable):
            async with self.database.read() as session:
                return await session.scalar(running) is not None
        return True
