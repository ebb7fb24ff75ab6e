"""Jobs of projects: who sees them, and what the statistics count."""

from dataclasses import replace

import pytest

from modelyard.core.database import Database
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.project_queries import ProjectNotFound
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Project, ProjectMember
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.job_filters import JobFilter
from modelyard.domain.jobs.project_statistics import ModelUse, ProjectStatistics, read_statistics
from modelyard.domain.jobs.queries import JobNotFound, find_job, list_jobs
from modelyard.domain.jobs.results import read_results
from tests.cast import CAST, with_roles
from tests.domain.accounts.quota_steps import add_project, key_of_project
from tests.domain.jobs.steps import claim, finish, submit
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock

ALICE, BOB, CHARLIE, OLGA = CAST.alice, CAST.bob, CAST.charlie, CAST.olga
ELSEWHERE = with_roles(replace(BOB, team_id=OLGA.team_id), Role.DEVELOPER)
"""Bob as he acts in another team, in which he administers nothing."""


@pytest.fixture
async def model_id(database: Database) -> str:
    return await _model(database)


async def _model(database: Database) -> str:
    model_id = await add_active(database, ALICE)
    await set_scope(database, model_id, "ACCOUNT")
    return model_id


async def _join(database: Database, project: Project, actor: Actor) -> None:
    async with database.write() as session:
        session.add(ProjectMember(project_id=project.id, user_id=actor.user_id, created_at=ManualClock().now()))


async def _seen(database: Database, actor: Actor) -> set[str]:
    async with database.read() as session:
        found = await list_jobs(session, actor, JobFilter(), Page(), Sort())
        for entry in found.entries:
            assert (await find_job(session, actor, entry.job.id)).job.id == entry.job.id
    return {entry.job.id for entry in found.entries}


async def test_members_see_the_jobs_of_a_project(database: Database, clock: ManualClock, model_id: str) -> None:
    shared, other = await add_project(database), await add_project(database)
    of_shared = (await submit(database, clock, model_id, actor=key_of_project(shared))).job.id
    of_other = (await submit(database, clock, model_id, actor=key_of_project(other))).job.id
    of_alice = (await submit(database, clock, model_id)).job.id
    before = await _seen(database, ELSEWHERE)
    await _join(database, shared, BOB)

    assert before == set()
    assert await _seen(database, ELSEWHERE) == {of_shared}
    assert await _seen(database, key_of_project(shared)) == {of_shared}
    assert await _seen(database, ALICE) == {of_shared, of_other, of_alice}
    assert await _seen(database, CHARLIE) == set()
    async with database.read() as session:
        assert (await read_results(session, ELSEWHERE, of_shared)).job.id == of_shared
        for actor, job_id in ((ELSEWHERE, of_other), (ELSEWHERE, of_alice), (key_of_project(shared), of_other)):
            with pytest.raises(JobNotFound):
                await read_results(session, actor, job_id)
    await set_scope(database, model_id, "TEAM")  # another team than the one that Bob acts for
    assert await _seen(database, ELSEWHERE) == set()


async def test_owner_sees_the_jobs_of_a_project_in_whatever_team(
    database: Database, clock: ManualClock, model_id: str
) -> None:
    project = await add_project(database, BOB)
    job_id = (await submit(database, clock, model_id, actor=key_of_project(project, BOB))).job.id

    assert await _seen(database, ELSEWHERE) == {job_id}


async def test_member_of_another_account_sees_nothing(database: Database, clock: ManualClock, model_id: str) -> None:
    project = await add_project(database)
    await submit(database, clock, model_id, actor=key_of_project(project))
    await _join(database, project, CHARLIE)  # no API allows that

    assert await _seen(database, CHARLIE) == set()


async def test_members_without_the_permissions(database: Database, clock: ManualClock, model_id: str) -> None:
    project = await add_project(database)
    job_id = (await submit(database, clock, model_id, actor=key_of_project(project))).job.id
    await _join(database, project, BOB)
    with pytest.raises(RoleMissing):
        await _seen(database, replace(ELSEWHERE, grants={}))
    with pytest.raises(RoleMissing):
        async with database.write() as session:
            await cancel_job(session, clock, ELSEWHERE, job_id)


async def test_key_of_a_project_cancels_its_jobs_alone(database: Database, clock: ManualClock, model_id: str) -> None:
    project, other = await add_project(database), await add_project(database)
    mine = (await submit(database, clock, model_id, actor=key_of_project(project))).job.id
    theirs = (await submit(database, clock, model_id, actor=key_of_project(other))).job.id
    async with database.write() as session:
        assert (await cancel_job(session, clock, key_of_project(project), mine)).job.status == "CANCELED"
    with pytest.raises(JobNotFound):
        async with database.write() as session:
            await cancel_job(session, clock, key_of_project(project), theirs)


async def test_statistics(database: Database, clock: ManualClock, model_id: str) -> None:
    second = await _model(database)
    project = await add_project(database, visibility="ACCOUNT")
    key = key_of_project(project)
    for _ in range(2):
        await submit(database, clock, second, number=1, actor=key)
    await submit(database, clock, model_id, number=3, actor=key)
    await submit(database, clock, model_id, number=4)
    claimed = await claim(database, clock, most=2)
    assert claimed is not None
    await finish(database, clock, claimed, "it broke")
    uses = [ModelUse(second, "echo", "0.1.0", 2), ModelUse(model_id, "echo", "0.1.0", 1)]
    expected = ProjectStatistics(jobs=3, items=5, completed=1, failed=1, input_bytes=30, models=uses)

    async with database.read() as session:
        for actor in (ALICE, key, OLGA):
            assert await read_statistics(session, actor, project.id) == expected
        nothing = await read_statistics(session, ELSEWHERE, project.id)
        with pytest.raises(ProjectNotFound):
            await read_statistics(session, CHARLIE, project.id)
    assert nothing == ProjectStatistics(0, 0, 0, 0, 0, [])
