"""Deployments: how one stands, which are unfinished, and for whom."""

import pytest

from modelyard.core.database import Database
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.roles import Role
from modelyard.domain.models.catalog import ModelNotFound
from modelyard.domain.models.tables import Scope
from modelyard.domain.models.versions import create_version
from modelyard.domain.models.visibility import NotYourModel
from modelyard.domain.version_tests.checklist import StepState
from modelyard.domain.version_tests.deployments import list_own_models, list_unfinished, read_deployment
from tests.cast import CAST, with_roles
from tests.library import add_active, add_model, describe, set_scope
from tests.manual_clock import ManualClock


async def test_how_far_they_are(database: Database) -> None:
    await add_model(database, CAST.alice)
    ready = await add_model(database, CAST.alice)
    await describe(database, ready)
    async with database.read() as session:
        found = await list_unfinished(session, CAST.alice, Page(1, 10))

    assert {each.version.model_id == ready: each.share for each in found.entries} == {True: 1.0, False: 0.0}


async def _unfinished(database: Database, actor: Actor) -> list[tuple[str, list[str]]]:
    async with database.read() as session:
        found = await list_unfinished(session, actor, Page(1, 10))
    return [(each.version.model_id, [step.what for step in each.missing]) for each in found.entries]


async def test_unfinished_ones_say_what_they_need(database: Database) -> None:
    bare, ready = await add_model(database, CAST.alice), await add_model(database, CAST.alice)
    await describe(database, ready)
    await add_active(database, CAST.alice)

    found = dict(await _unfinished(database, CAST.alice))

    assert set(found) == {bare, ready}
    assert found[ready] == []
    assert "container image" in found[bare]


async def test_everybody_has_their_own(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await set_scope(database, model_id, Scope.ALL)

    assert await _unfinished(database, CAST.bob) == []
    assert await _unfinished(database, CAST.charlie) == []
    assert [each for each, _ in await _unfinished(database, CAST.olga)] == [model_id]
    with pytest.raises(RoleMissing):
        await _unfinished(database, with_roles(CAST.bob, Role.DEVELOPER))


async def test_models_of_the_account_get_new_versions(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await set_scope(database, model_id, Scope.ALL)

    async with database.read() as session:
        offered = {
            actor.email: [model.id for model in await list_own_models(session, actor, most=5)]
            for actor in CAST.everybody()
        }
    theirs = (CAST.alice.email, CAST.bob.email, CAST.olga.email)
    assert offered == {email: [model_id] for email in theirs} | {CAST.charlie.email: []}


async def test_who_adds_a_version_to_somebody_elses_model_deploys_it(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    await set_scope(database, model_id, Scope.ACCOUNT)
    async with database.write() as session:
        await create_version(session, ManualClock(), CAST.bob, model_id, version="0.2.0")
    async with database.read() as session:
        found = await read_deployment(session, CAST.bob, model_id, "0.2.0")

    assert not found.may_change_model
    assert [each for each, _ in await _unfinished(database, CAST.bob)] == [model_id]
    async with database.read() as session:
        with pytest.raises(NotYourModel):
            await read_deployment(session, CAST.bob, model_id, "0.1.0")
        with pytest.raises(ModelNotFound):
            await read_deployment(session, CAST.charlie, model_id, "0.2.0")


async def test_a_whole_deployment(database: Database) -> None:
    model_id = await add_active(database, CAST.alice)
    async with database.read() as session:
        found = await read_deployment(session, CAST.alice, model_id, "0.1.0")

    assert found.is_active
    assert found.may_change_model
    assert (found.load, found.run, found.gaps) == (None, None, ())
    assert found.steps[-1].state == StepState.DONE
