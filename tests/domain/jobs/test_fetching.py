"""Inputs that are fetched beside an engine's work: slow sources hold up nobody else, and ended jobs wait for none."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from modelyard.adapters.container_protocols.fake import FakeProgram
from modelyard.adapters.sources.base import FoundObject, ObjectAccess, Objects
from modelyard.adapters.sources.fake import FakeSources
from modelyard.core.database import Database
from modelyard.domain.jobs import fetching
from modelyard.domain.jobs.claims import Candidate, Fetches, without_excess
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.submit import Submission
from tests.cast import CAST
from tests.domain.jobs.steps import item_states, submit, submitter
from tests.domain.jobs.test_run import Pumps
from tests.library import add_active, set_scope
from tests.machine import answer_json
from tests.manual_clock import ManualClock

S3 = {"accessKeyID": "AKIA", "secretAccessKey": "secret", "region": "eu-central-1"}


class SlowSources(FakeSources):
    """Gives nothing until it is told to; counts whom it keeps waiting."""

    def __init__(self) -> None:
        super().__init__({"b": {str(number): b"1" for number in range(100)}})
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Event()
        self.waiting = 0

    @contextlib.asynccontextmanager
    async def objects(self, access: ObjectAccess) -> AsyncIterator[Objects]:
        yield _SlowStore(self)


class _SlowStore:
    def __init__(self, sources: SlowSources) -> None:
        self._sources = sources

    async def read(self, container: str, key: str, *, most_bytes: int) -> AsyncIterator[bytes]:
        self._sources.waiting += 1
        self._sources.asked.set()
        try:
            await self._sources.may_answer.wait()
        finally:
            self._sources.waiting -= 1
        yield self._sources.containers[container][key]

    async def list(self, container: str, folder: str) -> AsyncIterator[FoundObject]:
        raise NotImplementedError
        yield


@pytest.fixture
def slow() -> SlowSources:
    return SlowSources()


@pytest.fixture
async def pumps(database: Database, slow: SlowSources) -> AsyncIterator[Pumps]:
    made = Pumps(database, slow)
    task = asyncio.create_task(made.runner.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
async def model_id(database: Database) -> str:
    model_id = await add_active(database, CAST.alice)
    await set_scope(database, model_id, "TEAM")
    return model_id


async def submit_objects(pumps: Pumps, clock: ManualClock, model_id: str, number: int) -> str:
    """A job of so many objects."""
    places = {str(index): {"input.txt": {"bucket": "b", "key": str(index)}} for index in range(number)}
    wanted = Submission(model_id, "0.1.0", "aws-s3", places, source=S3)
    return (await submitter(pumps.database, clock).submit(CAST.alice, wanted)).job.id


async def test_others_go_on_beside_a_slow_source(
    pumps: Pumps, slow: SlowSources, clock: ManualClock, model_id: str
) -> None:
    elsewhere = await submit_objects(pumps, clock, model_id, 40)
    pumps.start(FakeProgram(answer=answer_json))
    await slow.asked.wait()

    here = (await submit(pumps.database, clock, model_id, number=3, actor=CAST.bob)).job
    assert await pumps.until(here.id, "COMPLETED") == ("COMPLETED", 3, 0)
    assert slow.waiting == 1, "a quarter of what may be fetched at once"

    slow.may_answer.set()
    assert await pumps.until(elsewhere, "COMPLETED") == ("COMPLETED", 40, 0)


async def test_canceled_jobs_wait_for_no_source(
    pumps: Pumps, slow: SlowSources, clock: ManualClock, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SECONDS_BETWEEN_LOOKS", 0.01)
    job = await submit_objects(pumps, clock, model_id, 2)
    pumps.start(FakeProgram(answer=answer_json))
    await slow.asked.wait()

    async with pumps.database.write() as session:
        await cancel_job(session, clock, CAST.alice, job)
    async with asyncio.timeout(10):
        while slow.waiting:  # noqa: ASYNC110 - nothing rings when it is left alone
            await asyncio.sleep(0.01)

    assert (await pumps.until(job, "CANCELED"))[0] == "CANCELED"
    assert not pumps.buried


async def test_what_is_being_fetched_is_given_back_at_the_end(
    pumps: Pumps, slow: SlowSources, clock: ManualClock, model_id: str
) -> None:
    job = await submit_objects(pumps, clock, model_id, 2)
    pumps.start(FakeProgram(answer=answer_json))
    await slow.asked.wait()

    await pumps.runner.drain(seconds=10)

    assert slow.waiting == 0
    assert await item_states(pumps.database, job) == ["queued"] * 2


@pytest.mark.parametrize(
    ("most", "under_way", "taken"),
    [(2, 0, [1, 2, 3]), (2, 1, [1, 2]), (0, 0, [1]), (1, 5, [1]), (9, 0, [1, 2, 3, 4, 5])],
)
def test_a_lane_has_only_so_many_items_that_are_elsewhere(most: int, under_way: int, taken: list[int]) -> None:
    found = [Candidate(number, 7, False, 1, False, is_elsewhere=number > 1) for number in range(1, 6)]

    kept = without_excess(found, Fetches(most, {7: under_way}))

    assert [item.id for item in kept] == taken
    assert without_excess(found, None) == found
    assert without_excess([], Fetches(1, {})) == []
