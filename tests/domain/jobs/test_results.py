"""Which results are there, in portions that fit into memory; and single outputs."""

from typing import Any

import pytest

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.paging import Page
from modelyard.domain.jobs import result_reader
from modelyard.domain.jobs.claims import FinishedItem, finish_items
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.result_reader import ItemResult, OutputLost, ResultReader, split_into_portions
from modelyard.domain.jobs.results import (
    FinishedItemKey,
    ItemNotFinished,
    ItemNotFound,
    JobResults,
    OutputNotFound,
    ResultsDeleted,
    find_output,
    read_item,
    read_results,
)
from modelyard.domain.jobs.tables import Job
from tests.cast import CAST
from tests.domain.jobs.steps import OUTPUT, claim, finish, submit
from tests.library import add_active
from tests.manual_clock import ManualClock


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, CAST.alice)


async def _some_finished(database: Database, clock: ManualClock, model_id: str) -> str:
    """A job whose first item has a result, whose second failed, and whose third waits."""
    job = (await submit(database, clock, model_id, number=3)).job
    claimed = await claim(database, clock, most=2)
    assert claimed is not None
    await finish(database, clock, claimed, None, "it broke")
    return job.id


async def _read(database: Database, job_id: str, **wanted: Any) -> JobResults:
    async with database.read() as session:
        return await read_results(session, CAST.alice, job_id, **wanted)


async def _all(database: Database, results: JobResults) -> list[ItemResult]:
    reader = ResultReader(database, memory_storage())
    return [result async for portion in reader.portions(results.items) for result in portion]


async def test_results_as_far_as_they_are_there(database: Database, clock: ManualClock, model_id: str) -> None:
    job_id = await _some_finished(database, clock, model_id)

    good, bad = await _all(database, await _read(database, job_id))
    assert (good.name, good.is_good, good.error, good.votes_up) == ("0", True, None, 0)
    assert [(output.name, output.data, output.is_json) for output in good.outputs] == [("results.json", b"{}", True)]
    assert (bad.name, bad.is_good, bad.error, bad.outputs) == ("1", False, "it broke", ())
    for is_good, names in ((True, ["0"]), (False, ["1"])):
        found = await _all(database, await _read(database, job_id, is_good=is_good))
        assert [result.name for result in found] == names


async def test_one_item_and_one_output(database: Database, clock: ManualClock, model_id: str) -> None:
    job_id = await _some_finished(database, clock, model_id)

    async with database.read() as session:
        one = await read_item(session, CAST.alice, job_id, "0")
        assert (await find_output(session, CAST.alice, job_id, "0", "results.json")).output.data == b"{}"
        with pytest.raises(ItemNotFinished, match="queued"):
            await read_item(session, CAST.alice, job_id, "2")
        with pytest.raises(ItemNotFound):
            await read_item(session, CAST.alice, job_id, "nothing")
        with pytest.raises(OutputNotFound, match="it broke"):
            await find_output(session, CAST.alice, job_id, "1", "results.json")
        with pytest.raises(OutputNotFound):
            await find_output(session, CAST.alice, job_id, "0", "other")
        with pytest.raises(ItemNotFinished):
            await find_output(session, CAST.alice, job_id, "2", "results.json")
        with pytest.raises(JobNotFound):
            await find_output(session, CAST.charlie, job_id, "0", "results.json")
    assert [result.name for result in await _all(database, one)] == ["0"]


async def test_pages(database: Database, clock: ManualClock, model_id: str) -> None:
    results = await _read(database, await _some_finished(database, clock, model_id))

    expected = ((Page(1, 1), 1, True), (Page(2, 1), 1, False), (Page(3, 1), 0, False), (Page(), 2, False))
    for page, number, has_next in expected:
        part, more = results.on_page(page)
        assert (len(part.items), more) == (number, has_next)


async def test_deleted_results_are_said_to_be_so(database: Database, clock: ManualClock, model_id: str) -> None:
    job_id = await _some_finished(database, clock, model_id)
    async with database.write() as session:
        (await session.get_one(Job, job_id)).results_deleted_at = clock.now()
        await session.execute(result_reader.ItemOutput.__table__.delete())  # type: ignore[attr-defined]

    assert len((await _read(database, job_id)).items) == 2
    with pytest.raises(ResultsDeleted):
        await _read(database, job_id, needs_outputs=True)
    async with database.read() as session:
        with pytest.raises(ResultsDeleted):
            await find_output(session, CAST.alice, job_id, "0", "results.json")


async def test_a_lost_file_is_the_platforms_fault(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=1)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    output = OUTPUT | {"data": None, "storage_key": "outputs/gone", "size": 9}
    async with database.write() as session:
        await finish_items(session, clock, claimed, [FinishedItem(claimed.items[0], [output])])

    (result,) = await _all(database, await _read(database, job.id))
    with pytest.raises(OutputLost):
        await anext(ResultReader(database, memory_storage()).content(result.outputs[0]))


def _portions(*sizes: int, is_light: bool = False) -> list[int]:
    items = [FinishedItemKey(number, True, size) for number, size in enumerate(sizes)]
    return [len(portion) for portion in split_into_portions(items, is_light=is_light)]


def test_portions_are_small() -> None:
    much = result_reader.BYTES_AT_ONCE
    assert _portions() == []
    assert _portions(*[10] * 2100) == [1000, 1000, 100]
    assert _portions(1, much, 1, 1) == [1, 1, 2]
    assert _portions(much * 2, much * 2) == [1, 1]
    assert _portions(much * 2, much * 2, is_light=True) == [2]
