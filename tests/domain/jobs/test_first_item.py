"""The first item of a job: whole for who sent it, without inputs for others."""

import dataclasses

import pytest
from sqlalchemy import delete, update

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.jobs.first_item import FirstItem, InputNotFound, find_own_input, read_first_item
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.tables import ItemInput, Job, JobItem
from modelyard.domain.models.tables import Scope
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, submit
from tests.library import add_active, set_scope
from tests.manual_clock import ManualClock


@pytest.fixture
async def job_id(database: Database, clock: ManualClock) -> str:
    model_id = await add_active(database, CAST.alice)
    await set_scope(database, model_id, Scope.TEAM)
    return (await submit(database, clock, model_id)).job.id


async def _read(database: Database, actor: Actor, job_id: str) -> FirstItem:
    async with database.read() as session:
        return await read_first_item(session, actor, job_id)


async def _input(
    database: Database, actor: Actor, job_id: str, name: str = "input.txt", item: str = ""
) -> bytes | None:
    async with database.read() as session:
        return (await find_own_input(session, actor, job_id, name, item)).data


async def test_inputs_of_other_items_are_found_by_name(database: Database, clock: ManualClock) -> None:
    job_id = (await submit(database, clock, await add_active(database, CAST.alice), number=2)).job.id

    assert await _input(database, CAST.alice, job_id, item="1") == b"text 1"
    with pytest.raises(InputNotFound):
        await _input(database, CAST.alice, job_id, item="2")


async def test_what_was_sent_and_what_came_out(database: Database, clock: ManualClock, job_id: str) -> None:
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)

    found = await _read(database, CAST.alice, job_id)

    assert found.item is not None
    assert (found.item.name, found.item.state, found.item.latency_ms) == ("0", "successful", 10)
    assert [(each.name, each.data) for each in found.outputs] == [("results.json", b"{}")]
    assert [(each.name, each.size, each.data) for each in found.inputs] == [("input.txt", 6, b"text 0")]
    assert await _input(database, CAST.alice, job_id) == b"text 0"


async def test_others_do_not_see_what_was_sent(database: Database, job_id: str) -> None:
    of_a_project = dataclasses.replace(CAST.alice, project_id="another")
    for actor in (CAST.bob, CAST.olga, of_a_project):
        assert (await _read(database, actor, job_id)).inputs == ()
        with pytest.raises(InputNotFound):
            await _input(database, actor, job_id)
    with pytest.raises(JobNotFound):
        await _input(database, CAST.charlie, job_id)


async def test_inputs_that_are_not_kept(database: Database, job_id: str) -> None:
    with pytest.raises(InputNotFound):
        await _input(database, CAST.alice, job_id, "other")
    async with database.write() as session:
        await session.execute(update(ItemInput).values(data=None, location={"key": "there"}))
    assert (await _read(database, CAST.alice, job_id)).inputs == ()
    with pytest.raises(InputNotFound):
        await _input(database, CAST.alice, job_id)


async def test_a_job_whose_items_are_not_known_yet(database: Database, job_id: str) -> None:
    async with database.write() as session:
        await session.execute(delete(ItemInput))
        await session.execute(delete(JobItem))

    found = await _read(database, CAST.alice, job_id)

    assert isinstance(found.job, Job)
    assert (found.item, found.inputs, found.outputs) == (None, (), ())
