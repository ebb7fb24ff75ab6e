"""Models: create, find, change; and who sees what."""

from collections.abc import Awaitable, Callable

import pytest

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.roles import Role
from modelyard.domain.models.catalog import (
    ModelNotFound,
    VersionNotFound,
    change_model,
    create_model,
    find_model,
    find_model_to_change,
    find_version,
)
from modelyard.domain.models.metadata import MetadataRejected
from modelyard.domain.models.semantic import VersionMalformed
from modelyard.domain.models.tables import Scope, VersionStatus
from tests.cast import CAST, Cast, with_roles
from tests.library import add_model, audited, set_scope
from tests.manual_clock import ManualClock

SEES = {
    Scope.PRIVATE: (CAST.alice, CAST.olga),
    Scope.TEAM: (CAST.alice, CAST.bob, CAST.olga),
    Scope.ACCOUNT: (CAST.alice, CAST.bob, CAST.olga),
    Scope.ALL: CAST.everybody(),
}


async def test_created_model_has_its_owner_and_first_version(
    database: Database, clock: ManualClock, cast: Cast
) -> None:
    async with database.write() as session:
        model = await create_model(session, clock, cast.alice, name=" Sentiment ", version="0.1.0")

    assert (model.name, model.author, model.scope) == ("Sentiment", "acme", Scope.PRIVATE)
    assert (model.created_by_email, model.created_by_full_name) == ("alice@example.org", "Alice Example")
    assert [(version.version, version.status) for version in model.versions] == [("0.1.0", VersionStatus.PARTIAL)]
    assert (model.tags, model.pictures) == ([], [])
    assert await audited(database, f"model/{model.id}") == ["model:created"]


@pytest.mark.parametrize(
    ("name", "version", "error"), [("", "0.1.0", MetadataRejected), ("good", "one", VersionMalformed)]
)
async def test_bad_model_is_not_created(
    database: Database, clock: ManualClock, cast: Cast, name: str, version: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with database.write() as session:
            await create_model(session, clock, cast.alice, name=name, version=version)

    assert await audited(database) == []


async def test_role_is_needed_to_create(database: Database, clock: ManualClock) -> None:
    developer = with_roles(CAST.bob, Role.DEVELOPER)
    with pytest.raises(NotAllowed, match="models:deploy"):
        async with database.write() as session:
            await create_model(session, clock, developer, name="name", version="0.1.0")


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("actor", CAST.everybody(), ids=lambda actor: actor.first_name)
async def test_who_sees_a_model(database: Database, scope: Scope, actor: Actor) -> None:
    model_id = await add_model(database, CAST.alice)
    await set_scope(database, model_id, scope)
    async with database.read() as session:
        if actor in SEES[scope]:
            assert (await find_model(session, actor, model_id)).id == model_id
            assert (await find_version(session, actor, model_id, "0.1.0")).model_id == model_id
        else:
            with pytest.raises(ModelNotFound):
                await find_model(session, actor, model_id)
            with pytest.raises(ModelNotFound):
                await find_version(session, actor, model_id, "0.1.0")


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("actor", CAST.everybody(), ids=lambda actor: actor.first_name)
async def test_who_changes_a_model(database: Database, scope: Scope, actor: Actor) -> None:
    model_id = await add_model(database, CAST.alice)
    await set_scope(database, model_id, scope)

    async def change() -> str:
        async with database.write() as session:
            return (await change_model(session, ManualClock(), actor, model_id, name="changed")).name

    if actor in (CAST.alice, CAST.olga):
        assert await change() == "changed"
        return
    with pytest.raises(NotAllowed if actor in SEES[scope] else ModelNotFound):
        await change()
    async with database.read() as session:
        assert (await find_model(session, CAST.alice, model_id)).name == "echo"


@pytest.mark.parametrize("find", [find_model, find_model_to_change])
@pytest.mark.parametrize("model_id", ["", "unknown", "x" * 10_000, "\x00", "' OR 1=1 --", "☃"])
async def test_unknown_models(
    database: Database, cast: Cast, find: Callable[..., Awaitable[object]], model_id: str
) -> None:
    async with database.read() as session:
        with pytest.raises(ModelNotFound) as caught:
            await find(session, cast.alice, model_id)
    assert len(caught.value.message) < 200


async def test_unknown_version_of_a_known_model(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    async with database.read() as session:
        with pytest.raises(VersionNotFound):
            await find_version(session, cast.alice, model_id, "9.9.9")


async def test_absent_fields_stay_as_they_are(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    async with database.write() as session:
        await change_model(session, clock, cast.alice, model_id, description="words", tags=["Image"])
    await clock.advance(60)
    async with database.write() as session:
        model = await change_model(session, clock, cast.alice, model_id, name="other")

    assert (model.name, model.description) == ("other", "words")
    assert [tag.identifier for tag in model.tags] == ["image"]
    assert model.updated_at == clock.now()
    assert await audited(database, f"model/{model_id}") == ["model:created", "model:changed", "model:changed"]


async def test_description_can_be_emptied(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    async with database.write() as session:
        await change_model(session, clock, cast.alice, model_id, description="words")
        model = await change_model(session, clock, cast.alice, model_id, description="")

    assert model.description == ""
