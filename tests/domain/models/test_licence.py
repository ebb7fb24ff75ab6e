"""The licence: versions are promised no more engines than it covers, whoever asks at the same time."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from modelyard.core.database import Database
from modelyard.domain.accounts.organisations import AccountChanges, EnginesAbsurd
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.tables import Account
from modelyard.domain.jobs.demand import read_demand
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.models.decisions import Decision, decide
from modelyard.domain.models.licence import (
    LicenceExceeded,
    change_account,
    licensed_engines,
    minimum_engines_sum,
    require_licence_allows,
)
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.requirements import EDGE_ID
from modelyard.domain.models.tables import Version
from modelyard.domain.models.versions import change_version
from tests.cast import CAST, with_roles
from tests.library import add_active, add_model, describe, read_version_row
from tests.manual_clock import ManualClock

ALICE, CHARLIE, OLGA = CAST.alice, CAST.charlie, CAST.olga


async def _license(database: Database, engines: int | None) -> None:
    async with database.write() as session:
        await session.execute(update(Account).where(Account.id == ALICE.account_id).values(processing_engines=engines))


async def _change(database: Database, model_id: str, *, default_engines: int = 1000, **changes: Any) -> Version:
    async with database.write() as session:
        return await change_version(
            session,
            ManualClock(),
            ALICE,
            model_id,
            "0.1.0",
            VersionChanges(**changes),
            default_engines=default_engines,
        )


async def test_maximum_of_a_version(database: Database) -> None:
    await _license(database, 5)
    model_id = await add_active(database, ALICE)
    await _change(database, model_id, maximum_engines=5)
    with pytest.raises(LicenceExceeded, match="covers 5 engines; 6 as the maximum"):
        await _change(database, model_id, maximum_engines=6)

    assert (await read_version_row(database, model_id)).maximum_engines == 5


async def test_default_holds_for_accounts_without_a_licence_of_their_own(database: Database) -> None:
    model_id = await add_active(database, ALICE)
    with pytest.raises(LicenceExceeded, match="covers 3 engines"):
        await _change(database, model_id, default_engines=3, maximum_engines=4)
    await _license(database, 9)
    await _change(database, model_id, default_engines=3, maximum_engines=9)

    async with database.read() as session:
        assert await licensed_engines(session, ALICE.account_id, 3) == 9
        assert await licensed_engines(session, CHARLIE.account_id, 3) == 3


async def test_minimums_of_the_account_together(database: Database) -> None:
    await _license(database, 5)
    first = await add_active(database, ALICE, minimum_engines=2, maximum_engines=5)
    await add_active(database, OLGA, minimum_engines=1, maximum_engines=5)
    await add_active(database, CHARLIE, minimum_engines=5, maximum_engines=5)
    await add_active(database, ALICE, minimum_engines=5, maximum_engines=5, status="inactive")
    await add_active(database, ALICE, minimum_engines=5, maximum_engines=5, requirement_id=-99)
    second = await add_active(database, ALICE, maximum_engines=5)
    with pytest.raises(LicenceExceeded) as refused:
        await _change(database, second, minimum_engines=3)

    assert refused.value.message == (
        "The licence of the account covers 5 engines; 3 of them are kept running for echo 0.1.0 (3), "
        "so a minimum of 3 is 1 too many."
    )
    await _change(database, second, minimum_engines=2)
    await _change(database, first, minimum_engines=1)
    await _change(database, second, minimum_engines=3)


async def test_activation_is_a_promise(database: Database) -> None:
    await _license(database, 2)
    await add_active(database, ALICE, minimum_engines=1, maximum_engines=2)
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, minimum_engines=2, maximum_engines=2)
    with pytest.raises(LicenceExceeded, match="1 too many"):
        await _change(database, model_id, status="active")
    wide = await add_model(database, ALICE)
    await describe(database, wide, maximum_engines=3)
    with pytest.raises(LicenceExceeded, match="3 as the maximum"):
        await _change(database, wide, status="active")

    assert (await read_version_row(database, model_id)).status == "partial"
    assert (await _change(database, model_id, status="active", minimum_engines=1)).status == "active"


async def test_last_approval_is_a_promise_too(database: Database) -> None:
    await _license(database, 1)
    async with database.write() as session:
        account = await session.get_one(Account, ALICE.account_id)
        account.approval_roles = [Role.ACCOUNT_ADMIN]
    model_id = await add_model(database, ALICE)
    await describe(database, model_id, minimum_engines=1, maximum_engines=1)
    assert (await _change(database, model_id, status="active")).status == "partial"
    await add_active(database, ALICE, minimum_engines=1)
    admin = with_roles(OLGA, Role.ACCOUNT_ADMIN)
    with pytest.raises(LicenceExceeded):
        async with database.write() as session:
            await decide(session, ManualClock(), admin, model_id, "0.1.0", Decision(is_approved=True))

    assert (await read_version_row(database, model_id)).status == "partial"


async def test_what_was_lowered_behind_ones_back_can_be_lowered_further(database: Database) -> None:
    model_id = await add_active(database, ALICE, minimum_engines=4, maximum_engines=8)
    await _license(database, 2)
    version = await _change(database, model_id, minimum_engines=3, maximum_engines=7, long_description="words")

    assert (version.minimum_engines, version.maximum_engines) == (3, 7)
    assert (await _change(database, model_id, minimum_engines=3, maximum_engines=7)).maximum_engines == 7
    with pytest.raises(LicenceExceeded):
        await _change(database, model_id, maximum_engines=8)
    with pytest.raises(LicenceExceeded):
        await _change(database, model_id, minimum_engines=4)


async def test_the_same_moment(database: Database) -> None:
    await _license(database, 5)
    models = [await add_active(database, ALICE, maximum_engines=5) for _ in range(10)]
    other = Database(str(database.engine.url))
    outcomes = await asyncio.gather(
        *(_change((database, other)[n % 2], model_id, minimum_engines=1) for n, model_id in enumerate(models)),
        return_exceptions=True,
    )
    await other.close()

    assert sum(isinstance(outcome, Version) for outcome in outcomes) == 5
    assert {type(outcome) for outcome in outcomes} == {Version, LicenceExceeded}


async def test_licence_is_not_lowered_below_what_is_promised(database: Database) -> None:
    await add_active(database, ALICE, minimum_engines=3, maximum_engines=8)
    async with database.read() as session:
        await require_licence_allows(session, ALICE.account_id, 3)
        await require_licence_allows(session, CHARLIE.account_id, 0)
        with pytest.raises(LicenceExceeded, match=r"3 are kept running for echo 0\.1\.0 \(3\)"):
            await require_licence_allows(session, ALICE.account_id, 2)
    for engines, error in ((2, LicenceExceeded), (-1, EnginesAbsurd)):
        changes = AccountChanges(processing_engines=engines)
        with pytest.raises(error):
            async with database.write() as session:
                await change_account(session, ManualClock(), OLGA, ALICE.account_id, changes)
    async with database.write() as session:
        await change_account(session, ManualClock(), OLGA, ALICE.account_id, AccountChanges(processing_engines=3))

    async with database.read() as session:
        assert await session.scalar(select(Account.processing_engines).where(Account.id == ALICE.account_id)) == 3


async def test_demand_knows_the_licence(database: Database) -> None:
    await _license(database, 7)
    await add_active(database, ALICE, minimum_engines=1)
    await add_active(database, CHARLIE, minimum_engines=1)
    async with database.read() as session:
        demands = (await read_demand(session, [], pace=Pace(), default_engines=64)).values()

    assert {(demand.account, demand.licence) for demand in demands} == {
        (ALICE.account_id, 7),
        (CHARLIE.account_id, 64),
    }


async def test_minimum_engines_count_for_active_versions_of_the_account(database: Database) -> None:
    await add_active(database, ALICE, minimum_engines=2, maximum_engines=2)
    await add_active(database, OLGA, minimum_engines=3, maximum_engines=3)
    await add_active(database, ALICE, minimum_engines=5, maximum_engines=5, status="inactive")
    await add_active(database, ALICE, minimum_engines=7, maximum_engines=7, requirement_id=EDGE_ID)
    async with database.read() as session:
        assert await minimum_engines_sum(session, OLGA) == 5
        assert await minimum_engines_sum(session, ALICE) == 2
        assert await minimum_engines_sum(session, CHARLIE) == 0
