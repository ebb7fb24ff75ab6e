"""A key that stops takes its unfinished jobs along, whatever stopped it, and even when we are killed in between."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, event, select, update

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database, ring_after_commit
from modelyard.domain.accounts import projects
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.tables import Account, ApiKey, Membership, Project, Team, User
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.ending import end_jobs_of_stopped_keys
from modelyard.domain.jobs.tables import JobItem
from modelyard.domain.jobs.upkeep import JobUpkeep
from tests.cast import CAST
from tests.domain.accounts.quota_steps import add_project, add_quota, key_of_project, used_of
from tests.domain.jobs.steps import claim, counts, finish, item_states, submit
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock

ALICE, BOB, OLGA = CAST.alice, CAST.bob, CAST.olga


@pytest.fixture
async def model_id(database: Database) -> str:
    model_id = await add_active(database, ALICE)
    await set_scope(database, model_id, "ACCOUNT")
    return model_id


async def _stop(database: Database, statement: Any) -> None:
    async with database.write() as session:
        await session.execute(statement)
        ring_after_commit(session, TOPIC)


async def _end(database: Database, clock: ManualClock, **options: int) -> int:
    async with database.write() as session:
        return await end_jobs_of_stopped_keys(session, clock, **options)


_ALICES_KEY = update(ApiKey).where(ApiKey.prefix == ALICE.key_prefix)
_ALICE = update(User).where(User.id == ALICE.user_id)
_MEMBERSHIP = delete(Membership).where(Membership.user_id == ALICE.user_id, Membership.team_id == ALICE.team_id)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (_ALICES_KEY.values(status="Inactive"), "its key is not active any more"),
        (_ALICES_KEY.values(status="Deleted"), "its key is not active any more"),
        (_ALICE.values(status="Inactive"), "the owner of its key is not active any more"),
        (_ALICE.values(status="Deleted"), "the owner of its key is not active any more"),
        (_MEMBERSHIP, "its user has left the team"),
    ],
)
async def test_jobs_of_a_users_key_end_with_it(
    database: Database, clock: ManualClock, model_id: str, statement: Any, reason: str
) -> None:
    quota = await add_quota(database, 9, user=ALICE.user_id)
    stopped = (await submit(database, clock, model_id, number=3)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    others = [(await submit(database, clock, model_id, actor=actor)).job for actor in (BOB, OLGA)]
    before = await _end(database, clock)
    await _stop(database, statement)

    assert (before, await _end(database, clock), await _end(database, clock)) == (0, 1, 0)
    assert await counts(database, stopped.id) == ("CANCELED", 1, 0)
    assert await item_states(database, stopped.id) == ["successful", "canceled", "canceled"]
    assert await used_of(database, quota) == [1]
    for job in others:
        assert (await counts(database, job.id))[0] == "SUBMITTED"
    async with database.read() as session:
        told = (await session.scalars(select(AuditEvent).where(AuditEvent.action == "job:canceled"))).one()
        errors = set(await session.scalars(select(JobItem.error).where(JobItem.error.is_not(None))))
    assert (told.actor, told.account_id, told.target) == ("platform", ALICE.account_id, f"job/{stopped.id}")
    assert told.details == {"reason": reason}
    assert errors == {f"the job was canceled, because {reason}"}


@pytest.mark.parametrize(
    "statement",
    [
        update(Team).where(Team.id == ALICE.team_id).values(status="Deleted"),
        update(Account).where(Account.id == ALICE.account_id).values(status="Inactive"),
    ],
)
async def test_jobs_end_with_team_and_account(
    database: Database, clock: ManualClock, model_id: str, statement: Any
) -> None:
    await submit(database, clock, model_id)
    await _stop(database, statement)

    assert await _end(database, clock) == 1


async def _key(database: Database, project: Project, prefix: str = "projectprefix") -> None:
    async with database.write() as session:
        session.add(
            ApiKey(
                prefix=prefix,
                name="Its key",
                account_id=project.account_id,
                team_id=project.team_id,
                user_id=project.user_id,
                project_id=project.id,
                roles=["PROJECT"],
                status="Active",
                is_default=False,
                is_high_priority=False,
                created_at=ManualClock().now(),
            )
        )


@pytest.mark.parametrize("status", ["INACTIVE", "DELETED"])
async def test_jobs_of_a_project_end_with_it(
    database: Database, clock: ManualClock, model_id: str, status: str
) -> None:
    project, other = await add_project(database), await add_project(database)
    await _key(database, project)
    job = (await submit(database, clock, model_id, actor=key_of_project(project))).job
    await _key(database, other, "otherprefix")
    await submit(database, clock, model_id, actor=replace(key_of_project(other), key_prefix="otherprefix"))
    await submit(database, clock, model_id)
    async with database.write() as session:
        await projects.change_project(session, clock, ALICE, project.id, projects.ProjectChanges(status=status))

    assert await _end(database, clock) == 1
    assert (await counts(database, job.id))[0] == "CANCELED"


async def test_jobs_of_a_project_end_when_its_owner_leaves(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    project = await add_project(database)
    await _key(database, project)
    job = (await submit(database, clock, model_id, actor=key_of_project(project))).job
    await _stop(database, _MEMBERSHIP)

    assert await _end(database, clock) == 1
    assert (await counts(database, job.id))[0] == "CANCELED"


async def test_a_project_goes_on_under_a_new_owner(database: Database, clock: ManualClock, model_id: str) -> None:
    project = await add_project(database)
    await _key(database, project)
    await submit(database, clock, model_id, actor=key_of_project(project))
    async with database.write() as session:
        await projects.change_project(session, clock, OLGA, project.id, projects.ProjectChanges(owner=BOB.user_id))
    await _stop(database, _MEMBERSHIP)
    await _stop(database, _ALICE.values(status="Inactive"))
    handed_over = await _end(database, clock)
    await _stop(database, update(User).where(User.id == BOB.user_id).values(status="Inactive"))

    assert (handed_over, await _end(database, clock)) == (0, 1)


async def test_expiry_ends_no_jobs(database: Database, clock: ManualClock, model_id: str) -> None:
    await submit(database, clock, model_id)
    await _stop(database, _ALICES_KEY.values(expires_at=clock.now()))
    await clock.advance(10)

    assert await _end(database, clock) == 0


async def test_finished_jobs_stay(database: Database, clock: ManualClock, model_id: str) -> None:
    job = (await submit(database, clock, model_id, number=1)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    await _stop(database, _ALICES_KEY.values(status="Deleted"))

    assert await _end(database, clock) == 0
    assert (await counts(database, job.id))[0] == "COMPLETED"


async def test_many_jobs_end_in_portions(database: Database, clock: ManualClock, model_id: str) -> None:
    for _ in range(5):
        await submit(database, clock, model_id, number=1)
    await _stop(database, _ALICES_KEY.values(status="Inactive"))

    assert [await _end(database, clock, most=2) for _ in range(4)] == [2, 2, 1, 0]


async def _until_asleep(clock: ManualClock) -> None:
    async with asyncio.timeout(5):
        while not clock.slept:  # noqa: ASYNC110 - it sleeps when it is through
            await asyncio.sleep(0.01)
    clock.slept.clear()


async def test_upkeep_ends_them_at_the_bell_and_at_start(database: Database, clock: ManualClock, model_id: str) -> None:
    first = (await submit(database, clock, model_id)).job
    second = (await submit(database, clock, model_id, actor=BOB)).job
    await _stop(database, _ALICES_KEY.values(status="Inactive"))  # and then the process was killed
    upkeep = asyncio.create_task(JobUpkeep(database, clock, BlobStore(memory_storage())).run())
    await _until_asleep(clock)
    at_start = [(await counts(database, job.id))[0] for job in (first, second)]
    await _stop(database, update(User).where(User.id == BOB.user_id).values(status="Inactive"))
    await clock.advance(0.5)
    await _until_asleep(clock)
    upkeep.cancel()
    await asyncio.wait([upkeep])

    assert at_start == ["CANCELED", "SUBMITTED"]
    assert (await counts(database, second.id))[0] == "CANCELED"


@pytest.mark.sqlite  # it reads SQLite's plan
async def test_look_reads_unfinished_jobs_only(database: Database, clock: ManualClock, model_id: str) -> None:
    statements: list[tuple[str, Any]] = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
    await _end(database, clock)
    (sql, values) = next(call for call in statements if "FROM jobs" in call[0])
    async with database.read() as session:
        plan = await (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        steps = list(plan.scalars("detail"))

    assert "SEARCH jobs USING INDEX ix_jobs_status_deadline (status=?)" in steps[0]
    assert not any(step.startswith("SCAN") for step in steps)
