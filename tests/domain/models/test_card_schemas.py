"""What accounts ask of cards: who sets it, and how it holds up activation."""

from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.domain.accounts.account_meant import AccountNotFound
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.roles import Role
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.card_schemas import (
    NoCardSchema,
    delete_card_schema,
    list_gaps,
    read_card_schema,
    set_card_schema,
)
from modelyard.domain.models.cards import write_card
from modelyard.domain.models.catalog import ModelNotFound
from modelyard.domain.models.lifecycle import StepsMissing
from modelyard.domain.models.metadata import MetadataRejected, VersionChanges
from modelyard.domain.models.versions import change_version
from tests.cast import CAST, with_roles
from tests.library import add_active, add_model, audited, describe, read_version_row
from tests.manual_clock import ManualClock

ALICE, OLGA, ACME = CAST.alice, CAST.olga, CAST.alice.account_id
CLOCK = ManualClock()
ASKED = {
    "required": ["intendedUse", "risk", "technicalDetails"],
    "properties": {
        "risk": {"required": ["rating"], "properties": {"rating": {"enum": ["minimal", "limited"]}}},
        "contacts": {"minItems": 1},
    },
}


async def _set(database: Database, schema: Any = ASKED, actor: Actor = OLGA, account: str = ACME) -> None:
    async with database.write() as session:
        await set_card_schema(session, CLOCK, actor, account, schema)


async def _activate(database: Database, model_id: str) -> str:
    async with database.write() as session:
        row = await change_version(session, CLOCK, ALICE, model_id, "0.1.0", VersionChanges(status="active"))
        return row.status


async def _write(database: Database, model_id: str, **members: Any) -> None:
    async with database.write() as session:
        await write_card(session, CLOCK, ALICE, model_id, "0.1.0", ModelCard(**members))


async def _gaps(database: Database, model_id: str, actor: Actor = ALICE) -> list[str]:
    async with database.read() as session:
        return await list_gaps(session, actor, model_id, "0.1.0")


async def test_what_is_missing_holds_up_activation(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, run_passed=False)
    assert await _gaps(database, model_id) == []
    await _set(database)
    missing = [
        "card: the member 'intendedUse' is missing",
        "card: the member 'risk' is missing",
        "card: the member 'technicalDetails' is missing",
    ]
    assert await _gaps(database, model_id) == missing

    with pytest.raises(StepsMissing) as caught:
        await _activate(database, model_id)
    assert caught.value.missing[0].startswith("steps 10 and 11")
    assert caught.value.missing[1:] == [f"step 14, {gap}" for gap in missing]
    assert (await read_version_row(database, model_id)).status == "partial"


async def test_a_complete_card_lets_a_version_through(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, technical_details="A network.")
    await _set(database)
    await _write(database, model_id, intended_use="Letters.", risk_rating="high")
    assert await _gaps(database, model_id) == ["card.risk.rating: 'high' is not one of ['minimal', 'limited']"]
    with pytest.raises(StepsMissing, match="'high' is not one of"):
        await _activate(database, model_id)

    await _write(database, model_id, intended_use="Letters.", risk_rating="limited")

    assert await _gaps(database, model_id) == []
    assert await _activate(database, model_id) == "active"


async def test_what_is_active_stays_so(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    await _set(database)

    assert (await read_version_row(database, model_id)).status == "active"
    assert await _activate(database, model_id) == "active"
    assert len(await _gaps(database, model_id)) == 3


async def test_deactivating_needs_no_card(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    await _set(database)
    async with database.write() as session:
        row = await change_version(session, CLOCK, ALICE, model_id, "0.1.0", VersionChanges(status="inactive"))
    assert row.status == "inactive"


async def test_who_administers_the_account_sets_it(database: Database) -> None:
    team_administrator = with_roles(ALICE, Role.ACCOUNT_ADMIN)
    for actor in (ALICE, team_administrator):
        with pytest.raises(RoleMissing):
            await _set(database, actor=actor)
    with pytest.raises(AccountNotFound):
        await _set(database, actor=with_roles(CAST.charlie, Role.ACCOUNT_ADMIN))
    of_account = with_roles(OLGA, Role.ACCOUNT_ADMIN)
    await _set(database, actor=of_account)
    with pytest.raises(AccountNotFound):
        await _set(database, actor=of_account, account=CAST.charlie.account_id)
    await _set(database, account=CAST.charlie.account_id)  # Olga administers the installation
    assert (await audited(database)).count("account:card-schema-set") == 2


async def test_read_and_remove(database: Database) -> None:
    await _set(database)
    await _set(database)
    await _set(database, schema='{"required": ["caveats"]}')
    async with database.read() as session:
        found = await read_card_schema(session, ALICE, ACME)
        with pytest.raises(AccountNotFound):
            await read_card_schema(session, CAST.charlie, ACME)
    assert (found.schema, found.changed_by_email) == ('{"required": ["caveats"]}', OLGA.email)

    async with database.write() as session:
        await delete_card_schema(session, CLOCK, OLGA, ACME)
    async with database.write() as session:
        with pytest.raises(NoCardSchema):
            await delete_card_schema(session, CLOCK, OLGA, ACME)
        with pytest.raises(RoleMissing):
            await delete_card_schema(session, CLOCK, ALICE, ACME)
    actions = [action for action in await audited(database) if "card-schema" in action]
    assert actions == ["account:card-schema-set", "account:card-schema-set", "account:card-schema-removed"]


@pytest.mark.parametrize(
    "schema", [5, None, [], "{nonsense", {"type": "txt"}, {"$ref": "https://example.org"}, {"pattern": "(?=a)"}]
)
async def test_bad_schemas(database: Database, schema: Any) -> None:
    with pytest.raises(MetadataRejected, match="schema"):
        await _set(database, schema=schema)
    async with database.read() as session:
        with pytest.raises(NoCardSchema):
            await read_card_schema(session, ALICE, ACME)


async def test_gaps_of_models_that_one_does_not_see(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    with pytest.raises(ModelNotFound):
        await _gaps(database, model_id, CAST.charlie)
