"""One vote of each user on each item, by who may, with a row in the audit trail."""

from dataclasses import replace

import pytest

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.roles import PERMISSIONS, Role
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.results import ItemNotFinished, ItemNotFound
from modelyard.domain.jobs.votes import Vote, cast_vote, read_vote
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, submit
from tests.library import add_active, audited, set_scope
from tests.manual_clock import ManualClock


@pytest.fixture
async def job_id(database: Database, clock: ManualClock) -> str:
    """A job of two items, of which the first has a result."""
    model_id = await add_active(database, CAST.alice)
    await set_scope(database, model_id, "ALL")
    job = (await submit(database, clock, model_id)).job
    claimed = await claim(database, clock)
    assert claimed is not None
    await finish(database, clock, claimed)
    return job.id


async def _cast(database: Database, actor: Actor, job_id: str, vote: Vote, item: str = "0") -> Vote:
    async with database.write() as session:
        return await cast_vote(session, ManualClock(), actor, job_id, item, vote)


async def _read(database: Database, actor: Actor, job_id: str, item: str = "0") -> Vote:
    async with database.read() as session:
        return await read_vote(session, actor, job_id, item)


async def test_a_vote_is_cast_changed_and_taken_back(database: Database, job_id: str) -> None:
    assert await _read(database, CAST.alice, job_id) == Vote.NONE
    for vote in (Vote.UP, Vote.UP, Vote.DOWN, Vote.NONE, Vote.NONE):
        assert await _cast(database, CAST.alice, job_id, vote) == vote
        assert await _read(database, CAST.alice, job_id) == vote
        assert await _read(database, CAST.bob, job_id) == Vote.NONE

    told = [action for action in await audited(database, f"job/{job_id}") if action.startswith("results:")]
    assert told == ["results:upvoted", "results:downvoted", "results:vote:removed"]


async def test_who_may_not_vote(database: Database, job_id: str) -> None:
    auditor = replace(CAST.olga, grants=PERMISSIONS[Role.AUDITOR])
    with pytest.raises(RoleMissing):
        await _cast(database, auditor, job_id, Vote.UP)
    assert await _read(database, auditor, job_id) == Vote.NONE
    with pytest.raises(JobNotFound):
        await _cast(database, CAST.charlie, job_id, Vote.UP)


async def test_a_vote_reaches_as_far_as_its_permission(database: Database, job_id: str) -> None:
    """Who sees more than their own team does not vote there."""
    sees_all = {**PERMISSIONS[Role.DEVELOPER], **PERMISSIONS[Role.AUDITOR]}
    with pytest.raises(RoleMissing):
        await _cast(database, replace(CAST.charlie, grants=sees_all), job_id, Vote.UP)


async def test_only_results_that_are_there_are_voted_on(database: Database, job_id: str) -> None:
    with pytest.raises(ItemNotFinished):
        await _cast(database, CAST.alice, job_id, Vote.UP, "1")
    with pytest.raises(ItemNotFound):
        await _cast(database, CAST.alice, job_id, Vote.UP, "nothing")
