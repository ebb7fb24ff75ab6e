"""Items that are found out: all of them or none, each once, whatever interrupts."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from modelyard.adapters.sources.base import (
    ContainerMissing,
    CredentialsWrong,
    DatabaseAccess,
    Row,
    SourceNotReachable,
)
from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.core.sealing import Sealer
from modelyard.domain.accounts.tables import Quota
from modelyard.domain.inputs import find_items
from modelyard.domain.jobs import prepare
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.ending import end_job
from modelyard.domain.jobs.prepare import NothingFound, PrepareJob
from modelyard.domain.jobs.preparing import PREPARE
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.submit import Receipt, Submission
from modelyard.domain.jobs.tables import ItemInput, JobItem
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from tests.cast import CAST, SECRET
from tests.domain.jobs.steps import claim, finish, item_states, read_job_row, submitter
from tests.domain.jobs.world import BreakingRows
from tests.library import add_active
from tests.manual_clock import ManualClock, RestlessClock

S3 = {"accessKeyID": "AKIAEXAMPLE", "secretAccessKey": "the-secret-access-key", "region": "eu-central-1"}
DATABASE = {
    "url": "jdbc:postgresql://db.example.org/shop",
    "username": "reader",
    "password": "the-password",
    "driver": "org.postgresql.Driver",
    "query": 'SELECT text AS "input.txt" FROM texts',
}


class Bench:
    """A folder and a table, and who finds out what they have."""

    def __init__(self, database: Database, clock: ManualClock, most_items: int = 100) -> None:
        self.database = database
        self.clock = clock
        self.sources = FakeSources()
        self.blobs = BlobStore(memory_storage())
        self.submitter = submitter(database, clock, sources=self.sources)
        self.task = PrepareJob(database, clock, self.sources, Sealer(SECRET.encode()), self.blobs, most_items)
        self.model_id = ""

    async def submit(self, kind: str, source: dict[str, Any], sources: Any = None) -> Receipt:
        if not self.model_id:
            self.model_id = await add_active(self.database, CAST.alice)
        wanted = Submission(self.model_id, "0.1.0", kind, sources, source=source)
        return await self.submitter.submit(CAST.alice, wanted)

    async def submit_folder(self, *folders: str) -> str:
        sources = {f"folder{number}": {"input.txt": {"bucket": "b", "key": key}} for number, key in enumerate(folders)}
        return (await self.submit("aws-s3-folder", S3, sources)).job.id

    async def submit_query(self, rows: list[Any]) -> str:
        self.sources.queries[DATABASE["query"]] = rows
        return (await self.submit("jdbc", DATABASE, {})).job.id

    async def claim(self, owner: str = "one") -> ClaimedWork:
        async with self.database.write() as session:
            work = await queue.claim(session, self.clock, owner, [PREPARE])
        assert work is not None
        return work

    async def work_off(self) -> ClaimedWork:
        """As a worker does: what the task raises is told to it."""
        work = await self.claim()
        try:
            await self.task.run(work)
        except PlatformError as error:
            await self.task.give_up(work, error)
        return work

    async def rows(self, job_id: str) -> list[JobItem]:
        async with self.database.read() as session:
            query = select(JobItem).where(JobItem.job_id == job_id).order_by(JobItem.position)
            return list(await session.scalars(query))


@pytest.fixture
def bench(database: Database, clock: ManualClock) -> Bench:
    return Bench(database, clock)


async def test_folder_becomes_items(bench: Bench) -> None:
    bench.sources.containers["b"] = {
        "in/a.txt": b"1",
        "in/sub/b ü😀.txt": b"22",
        "in/": b"",
        "in/huge": b"x" * 2_000_000,
        "other/c": b"3",
    }
    job_id = await bench.submit_folder("in/")
    assert (await read_job_row(bench.database, job_id)).is_preparing

    await bench.work_off()

    names = [(item.name, item.size, item.state, item.error_side) for item in await bench.rows(job_id)]
    assert names == [
        ("a.txt", 1, "queued", None),
        ("huge", 2_000_000, "failed", "caller"),
        ("sub/b ü😀.txt", 2, "queued", None),
    ]
    job = await read_job_row(bench.database, job_id)
    assert (job.total, job.failed, job.input_bytes, job.is_preparing) == (3, 1, 2_000_003, False)
    async with bench.database.read() as session:
        places = list(await session.scalars(select(ItemInput.location).order_by(ItemInput.item_id)))
    assert places == [
        {"container": "b", "key": "in/a.txt"},
        {"container": "b", "key": "in/sub/b ü😀.txt"},
    ]


async def test_items_of_several_folders_do_not_get_mixed_up(bench: Bench) -> None:
    bench.sources.containers["b"] = {"x/a": b"1", "y/a": b"2"}
    job_id = await bench.submit_folder("x", "y")

    await bench.work_off()

    assert [item.name for item in await bench.rows(job_id)] == ["folder0/a", "folder1/a"]


async def test_objects_that_stand_for_folders_are_no_items(bench: Bench) -> None:
    bench.sources.containers["b"] = {
        "in": b"",
        "in/": b"",
        "in/sub": b"",
        "in/sub/a": b"1",
        "in/sub.txt": b"",
        "in/other/": b"",
        "in/full": b"1",
        "in/full/b": b"1",
    }
    bench.sources.lists_bare_folders = True
    job_id = await bench.submit_folder("in")

    await bench.work_off()

    assert [item.name for item in await bench.rows(job_id)] == ["full", "full/b", "sub.txt", "sub/a"]


async def test_items_whose_names_meet_get_numbers(bench: Bench) -> None:
    bench.sources.containers["b"] = {
        "2024/jan/x": b"1",
        "2024/jan/" + "y" * 999: b"2",
        "2024/jan/" + "y" * 998 + "z": b"3",
    }
    places = {
        name: {"input.txt": {"bucket": "b", "key": key}}
        for name, key in {"in": "2024", "in/jan": "2024/jan", "n" * 1000: "2024"}.items()
    }
    job_id = (await bench.submit("aws-s3-folder", S3, places)).job.id

    await bench.work_off()

    items = await bench.rows(job_id)
    assert items[0].name == "in/jan/x"
    assert "in/jan/x~2" in {item.name for item in items}
    assert {"n" * 1000, "n" * 990 + "~2", "n" * 990 + "~3"} <= {item.name for item in items}
    assert len({item.name for item in items}) == len(items) == 9


async def test_rows_become_items(bench: Bench) -> None:
    rows = [{"INPUT.TXT": "ä"}, {"INPUT.TXT": b"\x00\xff"}, {"INPUT.TXT": None}, {"INPUT.TXT": 4.5}]
    job_id = await bench.submit_query(rows)

    await bench.work_off()

    items = await bench.rows(job_id)
    assert [item.name for item in items] == ["row1", "row2", "row3", "row4"]
    assert "missing" in (items[2].error or "")
    async with bench.database.read() as session:
        data = list(await session.scalars(select(ItemInput.data).order_by(ItemInput.item_id)))
    assert data == ["ä".encode(), b"\x00\xff", b"4.5"]
    assert (await read_job_row(bench.database, job_id)).sealed_source is None


async def test_prepared_items_run_and_end_the_job(bench: Bench) -> None:
    job_id = await bench.submit_query([{"input.txt": "a"}, {"input.txt": "b"}])
    assert await claim(bench.database, bench.clock, most=10) is None
    await bench.work_off()

    claimed = await claim(bench.database, bench.clock, most=10)
    assert claimed is not None
    await finish(bench.database, bench.clock, claimed)

    job = await read_job_row(bench.database, job_id)
    assert (job.status, job.total, job.completed) == (JobStatus.COMPLETED, 2, 2)


@pytest.mark.parametrize(
    ("error", "side"),
    [
        (ContainerMissing("b"), "caller"),
        (CredentialsWrong(), "caller"),
        (SourceNotReachable("the store does not answer"), "platform"),
    ],
)
async def test_what_fails_as_a_whole_says_so_in_one_failure(bench: Bench, error: PlatformError, side: str) -> None:
    bench.sources.containers["b"] = {"in/a": b"1"}
    job_id = await bench.submit_folder("in")
    bench.sources.failures = [error]

    await bench.work_off()

    (item,) = await bench.rows(job_id)
    assert (item.name, item.state, item.error, item.error_side) == ("folder0", "failed", error.message, side)
    job = await read_job_row(bench.database, job_id)
    assert (job.status, job.total, job.failed, job.sealed_source) == (JobStatus.COMPLETED, 1, 1, None)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no rows"),
        ([{"other": 1}], "columns are 'other', but the model's inputs are 'input.txt'"),
        ([{"input.txt": 1, "more": 1}], "columns"),
        ([{"input.txt": "x"}] * 101, "A job may have 100 items"),
    ],
)
async def test_queries_that_give_no_items_say_why(bench: Bench, rows: list[Any], reason: str) -> None:
    job_id = await bench.submit_query(rows)

    await bench.work_off()

    (item,) = await bench.rows(job_id)
    assert reason in (item.error or "")
    assert (item.name, item.error_side) == ("row", "caller")


async def test_empty_folders_say_so(bench: Bench) -> None:
    bench.sources.containers["b"] = {"elsewhere": b""}
    await bench.submit_folder("in")

    with pytest.raises(NothingFound, match="no objects"):
        await bench.task.run(await bench.claim())


async def test_wrong_rows_alone_end_the_job(bench: Bench) -> None:
    job_id = await bench.submit_query([{"input.txt": None}])

    await bench.work_off()

    job = await read_job_row(bench.database, job_id)
    assert (job.status, job.total, job.failed) == (JobStatus.COMPLETED, 1, 1)


async def test_interrupted_tries_leave_nothing_twice(bench: Bench) -> None:
    rows = [{"input.txt": str(number)} for number in range(5)]
    job_id = await bench.submit_query(rows)
    work = await bench.claim()
    bench.sources.failures = [Unavailable("")]
    with pytest.raises(Unavailable):
        await bench.task.run(work)
    async with bench.database.write() as session:
        await queue.put_back(session, bench.clock, work, "one", "", delay=timedelta(0), counts=True)

    await bench.work_off()

    assert await item_states(bench.database, job_id) == ["queued"] * 5


async def test_who_lost_the_work_can_add_and_release_nothing(bench: Bench) -> None:
    job_id = await bench.submit_query([{"input.txt": "a"}])
    lost = await bench.claim()
    async with bench.database.write() as session:
        await queue.release_lost(session, bench.clock, silent_for=None)

    await bench.claim("two")
    await bench.task.run(lost)
    await bench.task.give_up(lost, Unavailable("late"))

    assert await bench.rows(job_id) == []
    assert (await read_job_row(bench.database, job_id)).is_preparing


async def test_canceled_jobs_stop_preparing(bench: Bench) -> None:
    job_id = await bench.submit_query([{"input.txt": "a"}])
    async with bench.database.write() as session:
        await end_job(session, job_id, JobStatus.CANCELED, bench.clock.now(), "no more")

    await bench.work_off()

    assert await bench.rows(job_id) == []
    job = await read_job_row(bench.database, job_id)
    assert (job.status, job.sealed_source) == (JobStatus.CANCELED, None)


class SilentSources(FakeSources):
    """Accepts, and says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def rows(self, access: DatabaseAccess) -> AsyncGenerator[Row]:
        self.asked.set()
        await asyncio.Event().wait()
        yield {}


async def test_a_canceled_job_waits_for_no_source(database: Database, clock: ManualClock) -> None:
    bench = Bench(database, clock)
    job_id = await bench.submit_query([])
    sources = SilentSources()
    task = replace(bench.task, sources=sources, clock=RestlessClock())
    preparing = asyncio.create_task(task.run(await bench.claim()))
    await sources.asked.wait()
    async with database.write() as session:
        await end_job(session, job_id, JobStatus.CANCELED, clock.now(), "no more")

    await preparing

    assert (await read_job_row(database, job_id)).status == JobStatus.CANCELED


async def test_nothing_looks_at_a_job_any_more_when_its_items_are_known(bench: Bench) -> None:
    await bench.submit_query([{"input.txt": "a"}])
    work = await bench.claim()

    before = asyncio.all_tasks()
    await replace(bench.task, clock=RestlessClock()).run(work)

    assert asyncio.all_tasks() == before


async def test_a_silent_source_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find_items, "SECONDS_WITHOUT_ANY", 0.01)
    await bench.submit_query([])
    with pytest.raises(SourceNotReachable, match="gave nothing"):
        await replace(bench.task, sources=SilentSources()).run(await bench.claim())


async def test_a_job_that_is_canceled_while_its_items_come_has_those_that_came(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "ITEMS_TOGETHER", 1)
    job_id = await bench.submit_query(BreakingRows([{"input.txt": "a"}] * 3, breaks_after=2))
    with pytest.raises(Unavailable):
        await bench.task.run(await bench.claim())
    async with bench.database.write() as session:
        await end_job(session, job_id, JobStatus.CANCELED, bench.clock.now(), "no more")

    job = await read_job_row(bench.database, job_id)
    assert (job.status, job.total, job.failed, job.is_preparing) == (JobStatus.CANCELED, 2, 0, False)
    assert await item_states(bench.database, job_id) == ["canceled"] * 2


async def test_items_are_charged_when_they_are_known(bench: Bench) -> None:
    async with bench.database.write() as session:
        session.add(_quota(bench.clock, amount=2))
    good = await bench.submit_query([{"input.txt": "a"}, {"input.txt": None}])
    await bench.work_off()
    bad = await bench.submit_query([{"input.txt": "a"}, {"input.txt": "b"}])

    await bench.work_off()

    assert await item_states(bench.database, good) == ["queued", "failed"]
    (item,) = await bench.rows(bad)
    assert "quota" in (item.error or "")
    assert item.error_side == "caller"


def _quota(clock: Clock, *, amount: int) -> Quota:
    now = clock.now()
    return Quota(
        id="quota",
        account_id=CAST.alice.account_id,
        team_id=CAST.alice.team_id,
        amount=amount,
        created_at=now,
        updated_at=now,
    )


async def test_names_of_all_items_have_a_limit(database: Database, clock: ManualClock) -> None:
    bench = Bench(database, clock, most_items=10_000)
    bench.sources.containers["b"] = {f"in/{number:01000}": b"" for number in range(8_001)}
    job_id = await bench.submit_folder("in")
    await bench.work_off()
    (failed,) = await bench.rows(job_id)
    assert (failed.state, failed.error_side) == ("failed", "caller")
    assert "8000000 characters together" in (failed.error or "")
