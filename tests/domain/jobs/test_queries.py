"""Whose jobs one sees: one's own always, those of others when one may see their models."""

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from modelyard.core.database import Database
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.roles import Role
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.job_filters import JobFilter
from modelyard.domain.jobs.project_statistics import read_statistics
from modelyard.domain.jobs.queries import JobNotFound, find_job, item_names, list_jobs, visible_jobs
from modelyard.domain.jobs.results import read_results
from modelyard.domain.jobs.submit import Submission
from modelyard.domain.jobs.tables import Job
from tests.cast import CAST, with_roles
from tests.domain.accounts.quota_steps import add_project, key_of_project
from tests.domain.jobs.steps import submit, submitter
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock

ALICE, BOB, OLGA = CAST.alice, CAST.bob, CAST.olga


async def _listed(database: Database, actor: Actor) -> list[str]:
    async with database.read() as session:
        page = await list_jobs(session, actor, JobFilter(), Page(), Sort(()))
    return [entry.job.id for entry in page.entries]


@pytest.mark.parametrize(
    ("scope", "actor", "is_seen"),
    [
        ("PRIVATE", ALICE, True),
        ("PRIVATE", BOB, False),
        ("PRIVATE", with_roles(BOB, Role.ACCOUNT_ADMIN), True),
        ("PRIVATE", with_roles(BOB, Role.AUDITOR), True),
        ("PRIVATE", OLGA, True),
        ("TEAM", BOB, True),
        ("ALL", BOB, True),
        ("ALL", CAST.charlie, False),
    ],
)
async def test_jobs_of_others_are_seen_with_their_models(
    database: Database, clock: ManualClock, scope: str, actor: Actor, is_seen: bool
) -> None:
    model_id = await add_active(database, ALICE)
    await set_scope(database, model_id, scope)
    job_id = (await submit(database, clock, model_id)).job.id

    assert await _listed(database, actor) == ([job_id] if is_seen else [])
    for look in (find_job, read_results):
        async with database.read() as session:
            if is_seen:
                await look(session, actor, job_id)
            else:
                with pytest.raises(JobNotFound):
                    await look(session, actor, job_id)
    if not is_seen:
        async with database.write() as session:
            with pytest.raises(JobNotFound):
                await cancel_job(session, clock, actor, job_id)


async def test_ones_own_jobs_stay_when_the_model_is_hidden(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE)
    await set_scope(database, model_id, "TEAM")
    bobs, alices = [(await submit(database, clock, model_id, actor=actor)).job.id for actor in (BOB, ALICE)]
    await set_scope(database, model_id, "PRIVATE")

    assert await _listed(database, BOB) == [bobs]
    assert set(await _listed(database, ALICE)) == {bobs, alices}


async def test_statistics_count_what_one_sees(database: Database, clock: ManualClock) -> None:
    project = await add_project(database, visibility="TEAM")
    model_id = await add_active(database, ALICE)
    await set_scope(database, model_id, "TEAM")
    await submit(database, clock, model_id, actor=key_of_project(project))
    for scope, jobs in (("TEAM", 1), ("PRIVATE", 0)):
        await set_scope(database, model_id, scope)
        async with database.read() as session:
            seen = await read_statistics(session, BOB, project.id)
            own = await read_statistics(session, ALICE, project.id)
        assert (seen.jobs, len(seen.models)) == (jobs, jobs)
        assert (own.jobs, len(own.models)) == (1, 1)


@pytest.mark.sqlite  # it reads SQLite's plan
async def test_a_page_looks_models_up_one_by_one(database: Database) -> None:
    async with database.read() as session:
        connection = await session.connection()
        query = select(Job.id).where(visible_jobs(BOB)).order_by(Job.created_at.desc(), Job.id).limit(11)
        compiled = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        plan = [row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    assert not [step for step in plan if step.startswith(("SCAN models", "SCAN jobs")) and "USING" not in step], plan
    assert any(step.startswith("SEARCH models") for step in plan), plan


async def test_jobs_of_a_person_and_a_model(database: Database, clock: ManualClock) -> None:
    """The first model's jobs are the oldest: who looks at the oldest of all, and not of each version, mistakes them."""
    first, second, third = [await add_active(database, ALICE) for _ in range(3)]
    for model_id in (first, second, third):
        await set_scope(database, model_id, "TEAM")
    alices = [(await submit(database, clock, model_id, actor=ALICE)).job.id for model_id in (first, second, second)]
    bobs = [(await submit(database, clock, model_id, actor=BOB)).job.id for model_id in (first, third)]

    for wanted, expected in [
        (JobFilter(model_identifier=first), {alices[0], bobs[0]}),
        (JobFilter(model_identifier=second), set(alices[1:])),
        (JobFilter(model_identifier=third), {bobs[1]}),
        (JobFilter(model_version="0.1.0"), {*alices, *bobs}),
        (JobFilter(user="alice", model_identifier=second), set(alices[1:])),
        (JobFilter(user="bob", model_identifier=second), set()),
        (JobFilter(user="bob", model_version="0.1.0"), set(bobs)),
        (JobFilter(user="example.org", model_identifier=first), {alices[0], bobs[0]}),
        (JobFilter(user="nobody", model_identifier=first), set()),
    ]:
        async with database.read() as session:
            page = await list_jobs(session, ALICE, wanted, Page(1, 10), Sort(()))
        assert {entry.job.id for entry in page.entries} == expected, wanted


async def test_more_people_and_versions_than_are_looked_up(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.domain.jobs.pairs.MOST_PAIRS", 1)
    monkeypatch.setattr("modelyard.domain.jobs.newest.MOST_WALKS", 1)
    models = [await add_active(database, ALICE) for _ in range(2)]
    jobs = [(await submit(database, clock, model_id, actor=ALICE)).job.id for model_id in models]

    async with database.read() as session:
        wanted = JobFilter(user="a", model_version="0.1.0")
        page = await list_jobs(session, ALICE, wanted, Page(1, 10), Sort(()))

    assert {entry.job.id for entry in page.entries} == set(jobs)


async def test_many_jobs_show_fewer_of_their_long_names(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE)
    takes = submitter(database, clock)
    sources = {f"{number:01000}": {"input.txt": "text"} for number in range(3)}
    wanted = Submission(model_id, "0.1.0", "text", sources)
    job_ids = [(await takes.submit(ALICE, wanted)).job.id for _ in range(2)]
    async with database.read() as session:
        few = await item_names(session, job_ids, most_each=100)
        others = [str(number) for number in range(3_998)]
        many = await item_names(session, [*job_ids, *others], most_each=100)
        most = await item_names(session, [*job_ids, *others, *others, *others], most_each=100)
    names = list(sources)
    assert [few[job_id] for job_id in job_ids] == [names, names]
    assert [many[job_id] for job_id in job_ids] == [names[:2], names[:2]]
    assert [most[job_id] for job_id in job_ids] == [names[:1], names[:1]]
