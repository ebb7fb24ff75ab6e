"""Closing: items are checked, charged and queued, or the job stays open."""

import json

import pytest
from sqlalchemy import select

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.domain.accounts.quota_uses import QuotaUsedUp
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.engines import reconcile
from modelyard.domain.inputs.items import SourcesRejected
from modelyard.domain.inputs.schema_check import LARGEST_CHECKED
from modelyard.domain.jobs import uploaded_items
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.closing import ChunkWhileClosing, JobHasNoInputs
from modelyard.domain.jobs.ending import cancel_job, end_overdue_jobs
from modelyard.domain.jobs.open_jobs import JobNotOpen, NotYourJob
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.submit import TOPIC, VersionNotActive
from modelyard.domain.jobs.tables import JobItem, JobLane
from modelyard.domain.jobs.uploaded_items import UploadCheck, UploadedItem
from modelyard.domain.models.tables import Version, VersionStatus
from tests.cast import CAST, with_roles
from tests.domain.accounts.quota_steps import add_quota, used_of
from tests.domain.jobs.steps import claim, counts, finish, item_states, read_job_row, submit
from tests.domain.jobs.upload_steps import Uploader
from tests.library import TEXT_INPUT, add_active, audited, set_scope
from tests.manual_clock import ManualClock

ALICE, BOB, OLGA = CAST.alice, CAST.bob, CAST.olga


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_active(database, ALICE)


@pytest.fixture
def alice(database: Database, clock: ManualClock) -> Uploader:
    return Uploader(database, clock, BlobStore(memory_storage()), ALICE)


async def _errors(database: Database, job_id: str) -> list[tuple[str | None, str | None]]:
    async with database.read() as session:
        query = select(JobItem.error_side, JobItem.error).where(JobItem.job_id == job_id).order_by(JobItem.position)
        return [(row[0], row[1]) for row in await session.execute(query)]


async def test_a_closed_job_runs(database: Database, clock: ManualClock, alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id, timeout_ms=5000)
    for name in ("one", "two"):
        await alice.append(job_id, b"text", item=name)
    assert await claim(database, clock, most=10) is None
    await clock.advance(60)
    bells = [database.bells.listen(topic) for topic in (TOPIC, reconcile.TOPIC)]
    closed = (await alice.close(job_id)).job

    assert (closed.status, closed.total, closed.failed, closed.input_bytes) == ("SUBMITTED", 2, 0, 8)
    assert closed.submitted_at == clock.now() > closed.created_at
    assert all([await bell.wait(0.01) for bell in bells])
    assert (await audited(database, f"job/{job_id}")) == ["job:opened", "job:submitted"]
    claimed = await claim(database, clock, most=10)
    assert claimed is not None
    await finish(database, clock, claimed)
    assert await counts(database, job_id) == ("COMPLETED", 2, 0)


async def test_the_time_of_a_job_begins_when_it_is_closed(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    job_id = await alice.open(model_id, timeout_ms=5000)
    await alice.append(job_id, b"text")
    await clock.advance(60)
    async with database.write() as session:
        assert await end_overdue_jobs(session, clock) == 0
    await alice.close(job_id)
    await clock.advance(6)
    async with database.write() as session:
        assert await end_overdue_jobs(session, clock) == 1


async def test_wrong_items_fail_alone(database: Database, alice: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploaded_items, "ITEMS_AT_ONCE", 2)
    model_id = await add_active(database, ALICE, inputs=[TEXT_INPUT, TEXT_INPUT | {"name": "b.txt"}])
    job_id = await alice.open(model_id)
    for item, name, media_type in (
        ("good", "input.txt", "text/plain; charset=utf-8"),
        ("good", "b.txt", ""),
        ("missing", "input.txt", ""),
        ("picture", "input.txt", "image/png"),
        ("picture", "b.txt", ""),
        ("empty", "input.txt", ""),
        ("empty", "b.txt", ""),
    ):
        content = b"" if item == "empty" else b"x"
        await alice.append(job_id, content, item=item, name=name, media_type=media_type)

    assert (await alice.close(job_id)).job.failed == 2
    assert await item_states(database, job_id) == ["queued", "failed", "failed", "queued"]
    errors = await _errors(database, job_id)
    assert [side for side, _ in errors] == [None, "caller", "caller", None]
    assert "'b.txt' is missing" in str(errors[1])
    assert "is image/png; accepted are: text/plain" in str(errors[2])


async def test_what_cannot_run_at_all_stays_open(database: Database, alice: Uploader) -> None:
    model_id = await add_active(database, ALICE, inputs=[TEXT_INPUT, TEXT_INPUT | {"name": "b.txt"}])
    job_id = await alice.open(model_id)
    with pytest.raises(JobHasNoInputs, match="upload some"):
        await alice.close(job_id)
    for number in range(5):
        await alice.append(job_id, b"x", item=f"item {number}")
    with pytest.raises(SourcesRejected, match=r"stays open: item 0: .*'b.txt' is missing.*\(and 2 more\)"):
        await alice.close(job_id)
    await alice.append(job_id, b"x", item="item 0", name="b.txt")

    assert (await alice.close(job_id)).job.failed == 4


async def test_closing_twice_changes_nothing(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"text")
    first = (await alice.close(job_id)).job
    await clock.advance(1)
    again = (await alice.close(job_id)).job

    assert (again.status, again.submitted_at) == ("SUBMITTED", first.submitted_at)
    assert (await audited(database, f"job/{job_id}")).count("job:submitted") == 1
    with pytest.raises(JobNotOpen, match="is SUBMITTED"):
        await alice.append(job_id, b"more")


async def test_other_jobs_cannot_be_closed(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    with pytest.raises(JobNotOpen, match="submitted without `input`"):
        await alice.close((await submit(database, clock, model_id)).job.id)
    canceled = await alice.open(model_id)
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, canceled)
    with pytest.raises(JobNotOpen, match="is CANCELED"):
        await alice.close(canceled)
    with pytest.raises(JobNotFound):
        await alice.close("none")


async def test_a_chunk_that_arrives_meanwhile_keeps_the_job_open(
    database: Database, alice: Uploader, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"text")
    check = UploadCheck.problem_of

    async def check_late(self: UploadCheck, item: UploadedItem) -> str | None:
        await alice.append(job_id, b" and more")
        return await check(self, item)

    with monkeypatch.context() as patched:
        patched.setattr(UploadCheck, "problem_of", check_late)
        with pytest.raises(ChunkWhileClosing):
            await alice.close(job_id)

    assert (await read_job_row(database, job_id)).status == "OPEN"
    assert (await alice.close(job_id)).job.input_bytes == 13


async def test_a_version_that_is_not_active_any_more_runs_nothing(
    database: Database, alice: Uploader, model_id: str
) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"text")
    async with database.write() as session:
        version = (await session.scalars(select(Version))).one()
        version.status = VersionStatus.INACTIVE
    with pytest.raises(VersionNotActive):
        await alice.close(job_id)
    with pytest.raises(VersionNotActive):
        await alice.open(model_id)


async def test_quotas_are_charged_when_the_job_is_closed(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    quota = await add_quota(database, 2, user=ALICE.user_id)
    administrators = await add_quota(database, 100, user=OLGA.user_id)
    await set_scope(database, model_id, "ALL")
    job_id = await alice.open(model_id)
    for number in range(3):
        await alice.append(job_id, b"text", item=str(number))
    with pytest.raises(QuotaUsedUp, match="has 3"):
        await alice.close(job_id)
    assert await used_of(database, quota) in ([], [0])

    smaller = await alice.open(model_id)
    await alice.append(smaller, b"text")
    await alice.close(smaller, actor=with_roles(OLGA, Role.ACCOUNT_ADMIN))
    assert await used_of(database, quota) == [1]
    assert await used_of(database, administrators) == []
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, smaller)
    assert await used_of(database, quota) == [0]


async def test_who_may_close(alice: Uploader, database: Database, model_id: str) -> None:
    await set_scope(database, model_id, "ALL")
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"text")
    with pytest.raises(JobNotFound):
        await alice.close(job_id, actor=CAST.charlie)
    with pytest.raises(NotYourJob):
        await alice.close(job_id, actor=with_roles(BOB, Role.AUDITOR))

    assert (await alice.close(job_id, actor=with_roles(BOB, Role.ACCOUNT_ADMIN))).job.status == "SUBMITTED"


@pytest.mark.parametrize("is_high", [False, True])
async def test_a_job_has_the_priority_of_the_key_that_opened_it(
    database: Database, alice: Uploader, model_id: str, is_high: bool
) -> None:
    await set_scope(database, model_id, "ALL")
    async with database.write() as session:
        (await session.get_one(ApiKey, ALICE.key_prefix)).is_high_priority = is_high
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"text")
    await alice.close(job_id, actor=with_roles(OLGA, Role.ACCOUNT_ADMIN))

    async with database.read() as session:
        lane = (await session.scalars(select(JobLane))).one()
    assert (lane.priority, lane.user_id) == (0 if is_high else 1, ALICE.user_id)


async def test_json_is_compared_with_the_schema(database: Database, alice: Uploader) -> None:
    schema = {"type": "object", "required": ["text"]}
    entry = TEXT_INPUT | {"name": "in.json", "acceptedMediaTypes": "application/json", "maximumSize": 100_000_000}
    text = json.dumps(schema)
    model_id = await add_active(database, ALICE, inputs=[entry], input_validation_schema=text)
    job_id = await alice.open(model_id)
    sent = {
        "good": (b'{"te', b'xt": "x"}'),
        "other": (b"{}",),
        "broken": (b'{"text"',),
        "empty": (b"",),
        "large": (b" " * LARGEST_CHECKED, b"{}"),
    }
    for item, parts in sent.items():
        for part in parts:
            await alice.append(job_id, part, item=item, name="in.json")

    await alice.close(job_id)

    assert await item_states(database, job_id) == ["queued", *["failed"] * 4]
    errors = await _errors(database, job_id)
    for (_, error), words in zip(
        errors[1:], ("schema", "not valid JSON", "not valid JSON", "not checked"), strict=True
    ):
        assert words in (error or "")
