"""Submissions: checked item by item, stored whole or not at all."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed, TooLarge
from modelyard.domain.accounts.roles import Role
from modelyard.domain.engines import reconcile
from modelyard.domain.inputs.items import NamesTooLong, SourcesRejected
from modelyard.domain.jobs.blobs import LARGEST_IN_ROW, BlobStore
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.item_rows import ITEMS_TOGETHER
from modelyard.domain.jobs.open_jobs import TooManyOpenJobs
from modelyard.domain.jobs.submit import TOPIC, UPLOADED, EdgeOnly, Submission, TimeoutAbsurd, VersionNotActive
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound
from tests.cast import CAST, with_roles
from tests.domain.jobs.steps import item_states, read_job_row, stored_inputs, submit, submitter
from tests.library import TEXT_INPUT, add_active, audited, set_scope
from tests.manual_clock import ManualClock

ALICE = CAST.alice
GOOD = {"input.txt": "a text"}


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, ALICE)


def _wanted(model_id: str, sources: Any = None, /, **changes: Any) -> Submission:
    submission = Submission(model_id, "0.1.0", "text", {"first": GOOD} if sources is None else sources)
    return replace(submission, **changes)


async def _number_of_jobs(database: Database) -> int:
    async with database.read() as session:
        jobs = await session.scalar(select(func.count()).select_from(Job)) or 0
        items = await session.scalar(select(func.count()).select_from(JobItem)) or 0
    return jobs + items


async def test_job_is_stored_with_its_items(database: Database, clock: ManualClock, model_id: str) -> None:
    bells = [database.bells.listen(topic) for topic in (TOPIC, reconcile.TOPIC)]
    stored = await submitter(database, clock).submit(
        ALICE, _wanted(model_id, {"b": GOOD, "a": {"input.txt": "☃"}}, timeout_ms=5000)
    )

    job = await read_job_row(database, stored.job.id)
    assert stored.item_names == ["b", "a"]
    assert (job.status, job.total, job.completed, job.failed, job.input_bytes) == ("SUBMITTED", 2, 0, 0, 9)
    assert job.deadline == clock.now() + timedelta(seconds=5)
    assert await item_states(database, job.id) == ["queued", "queued"]
    assert [row.data for row in await stored_inputs(database)] == [b"a text", "☃".encode()]
    assert all([await bell.wait(0.01) for bell in bells])
    assert (await audited(database))[-1] == "job:submitted"


async def test_bad_items_fail_alone(database: Database, clock: ManualClock, model_id: str) -> None:
    sources: dict[str, Any] = {
        "good": GOOD,
        "no object": "text",
        "missing": {},
        "unknown": {**GOOD, "other": "text"},
        "number": {"input.txt": 5},
        "large": {"input.txt": "x" * 1001},
        "exact": {"input.txt": "x" * 1000},
    }
    stored = await submitter(database, clock).submit(ALICE, _wanted(model_id, sources))

    job = await read_job_row(database, stored.job.id)
    assert (job.total, job.failed) == (7, 5)
    states = await item_states(database, job.id)
    assert [name for name, state in zip(sources, states, strict=True) if state == "queued"] == ["good", "exact"]
    async with database.read() as session:
        errors = list(await session.scalars(select(JobItem.error).where(JobItem.error.is_not(None))))
    assert len(errors) == 5
    assert all("input" in (error or "") for error in errors)


@pytest.mark.parametrize(
    ("sources", "problem"),
    [
        ({}, "at least one item"),
        ([], "at least one item"),
        ("text", "at least one item"),
        ({"a": {}, "b": {}}, "a: the input 'input.txt' is missing"),
        ({"": GOOD}, "name"),
        ({"x" * 1001: GOOD}, "name"),
        ({"a": {str(number): "x" for number in range(201)}}, "at most 200"),
    ],
)
async def test_nothing_usable_is_refused(
    database: Database, clock: ManualClock, model_id: str, sources: Any, problem: str
) -> None:
    with pytest.raises(SourcesRejected, match=problem):
        await submitter(database, clock).submit(ALICE, _wanted(model_id, sources))

    assert await _number_of_jobs(database) == 0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"version": "9.9.9"}, VersionNotFound),
        ({"version": "latest"}, VersionNotFound),
        ({"model_id": "unknown"}, ModelNotFound),
        ({"input_type": "carrier pigeon"}, SourcesRejected),
        ({"timeout_ms": -1}, TimeoutAbsurd),
        ({"timeout_ms": 10**30}, TimeoutAbsurd),
        ({"sources": {str(number): GOOD for number in range(101)}}, TooLarge),
        ({"sources": {f"{number:01000}": GOOD for number in range(8001)}}, NamesTooLong),
    ],
)
async def test_impossible_submissions(
    database: Database, clock: ManualClock, model_id: str, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await submitter(database, clock, most_items=10_000 if error is NamesTooLong else 100).submit(
            ALICE, _wanted(model_id, **changes)
        )

    assert await _number_of_jobs(database) == 0


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"status": "inactive"}, VersionNotActive),
        ({"status": "partial"}, VersionNotActive),
        ({"requirement_id": -99}, EdgeOnly),
    ],
)
async def test_versions_that_run_no_jobs(
    database: Database, clock: ManualClock, values: dict[str, Any], error: type[Exception]
) -> None:
    model_id = await add_active(database, ALICE, **values)
    with pytest.raises(error):
        await submit(database, clock, model_id)


async def test_strangers_and_the_powerless_submit_nothing(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    with pytest.raises(ModelNotFound):
        await submit(database, clock, model_id, actor=CAST.charlie)
    owner = with_roles(ALICE, Role.SYSTEM_OWNER)
    with pytest.raises(NotAllowed, match="jobs:submit"):
        await submit(database, clock, model_id, actor=owner)


async def test_large_inputs_go_to_the_storage(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE, inputs=[TEXT_INPUT | {"maximumSize": 1_000_000}])
    sources = {"in row": {"input.txt": "x" * LARGEST_IN_ROW}, "stored": {"input.txt": "x" * (LARGEST_IN_ROW + 1)}}
    taker = submitter(database, clock)
    await taker.submit(ALICE, _wanted(model_id, sources))

    in_row, stored = await stored_inputs(database)
    assert in_row.storage_key is None
    assert in_row.data is not None
    assert stored.data is None
    assert stored.storage_key is not None
    assert len(await taker._blobs.storage.get(stored.storage_key)) == LARGEST_IN_ROW + 1


class CancelledCommits(Database):
    """Commits, and then learns that nobody waits any more."""

    @asynccontextmanager
    async def write(self, **options: bool) -> AsyncIterator[AsyncSession]:
        async with super().write(**options) as session:
            yield session
        raise asyncio.CancelledError


async def test_stored_job_keeps_its_inputs_when_its_sender_is_cancelled(
    database: Database, database_address: str, clock: ManualClock
) -> None:
    model_id = await add_active(database, ALICE, inputs=[TEXT_INPUT | {"maximumSize": 10 * LARGEST_IN_ROW}])
    other = CancelledCommits(database_address)
    taker = submitter(other, clock)
    with pytest.raises(asyncio.CancelledError):
        await taker.submit(ALICE, _wanted(model_id, {"large": {"input.txt": "x" * (LARGEST_IN_ROW + 1)}}))
    (stored,) = await stored_inputs(database)
    await other.close()

    assert stored.storage_key is not None
    assert len(await taker._blobs.storage.get(stored.storage_key)) == LARGEST_IN_ROW + 1


class WatchedBlobs(BlobStore):
    """Counts how many turns others had before each input was kept."""

    def __init__(self) -> None:
        super().__init__(memory_storage())
        self.turns = 0
        self.seen = Counter[int]()

    async def keep(self, kind: str, job_id: str, data: bytes) -> tuple[bytes | None, str | None]:
        self.seen[self.turns] += 1
        return await super().keep(kind, job_id, data)

    async def count_turns(self) -> None:
        """Goes on until cancelled."""
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def test_others_have_turns_during_a_large_submission(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    sources = {str(number): GOOD for number in range(2 * ITEMS_TOGETHER + 1)}
    taker = submitter(database, clock, most_items=len(sources))
    taker._blobs = blobs = WatchedBlobs()
    at_once: list[int] = []
    event.listen(
        database.engine.sync_engine, "before_execute", lambda _, __, many, *___: at_once.append(len(many or ()))
    )
    counting = asyncio.create_task(blobs.count_turns())
    stored = await taker.submit(ALICE, _wanted(model_id, sources))
    counting.cancel()

    assert max(at_once) == max(blobs.seen.values()) == ITEMS_TOGETHER
    async with database.read() as session:
        rows = (await session.execute(select(JobItem.name, JobItem.position).order_by(JobItem.id))).all()
        inputs = await session.scalar(select(func.count()).select_from(ItemInput))
    assert [tuple(row) for row in rows] == [(name, number) for number, name in enumerate(stored.item_names)]
    assert inputs == len(sources)


async def test_one_user_opens_only_so_many_jobs(database: Database, clock: ManualClock, model_id: str) -> None:
    await set_scope(database, model_id, "TEAM")
    takes = submitter(database, clock, most_open=2)
    wanted = _wanted(model_id, input_type=UPLOADED)
    opened = [(await takes.open(ALICE, wanted)).job.id for _ in range(2)]
    with pytest.raises(TooManyOpenJobs, match="2 open jobs"):
        await takes.open(ALICE, wanted)
    await takes.open(CAST.bob, wanted)
    await takes.submit(ALICE, _wanted(model_id))
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, opened[0])
    await takes.open(ALICE, wanted)


async def test_embedded_inputs_are_decoded(database: Database, clock: ManualClock, model_id: str) -> None:
    value = "data:text/plain;base64," + base64.b64encode(b"\x00\xff").decode()
    submission = _wanted(model_id, {"a": {"input.txt": value}}, input_type="embedded")
    await submitter(database, clock).submit(ALICE, submission)

    assert [row.data for row in await stored_inputs(database)] == [b"\x00\xff"]
