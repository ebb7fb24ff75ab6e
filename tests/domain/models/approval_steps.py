"""What tests of approval do again and again: switch it on, ask, decide, and look."""

from dataclasses import replace
from typing import Any

from sqlalchemy import update

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import custom_grants
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models.approval_state import ApprovalFacts
from modelyard.domain.models.approvals import read_approval
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.decisions import Decision, decide
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.tables import Version
from modelyard.domain.models.versions import change_version
from tests.cast import CAST
from tests.library import add_model, describe
from tests.manual_clock import ManualClock

YES = Decision(is_approved=True, reason="Fit for use.")
NO = Decision(is_approved=False, reason="The card says nothing of its limits.")


def reviewer(person: Actor, *roles: str) -> Actor:
    """Somebody with roles that an account made up, which allow to approve and nothing else."""
    return replace(person, roles=frozenset(roles), grants=custom_grants([Permission.APPROVE_MODELS]))


RISK = reviewer(CAST.bob, "RISK")
LEGAL = reviewer(replace(CAST.olga, team_id=CAST.bob.team_id, in_admin_team=False), "LEGAL")
BOTH = reviewer(CAST.bob, "RISK", "LEGAL")


async def ask_roles(database: Database, *roles: str) -> None:
    """From now on each of these roles has to say yes."""
    async with database.write() as session:
        query = update(Account).where(Account.id == CAST.alice.account_id)
        await session.execute(query.values(approval_roles=list(roles)))


async def add_ready(database: Database, actor: Actor = CAST.alice) -> str:
    """A model whose version has done all steps, and is not active."""
    model_id = await add_model(database, actor)
    await describe(database, model_id)
    return model_id


async def change(
    database: Database, model_id: str, *, actor: Actor = CAST.alice, clock: ManualClock | None = None, **changes: Any
) -> Version:
    """Changes the version 0.1.0."""
    async with database.write() as session:
        wanted = VersionChanges(**changes)
        return await change_version(session, clock or ManualClock(), actor, model_id, "0.1.0", wanted)


async def say(
    database: Database, model_id: str, actor: Actor, decision: Decision = YES, *, clock: ManualClock | None = None
) -> Version:
    """Decides about the version 0.1.0."""
    async with database.write() as session:
        return await decide(session, clock or ManualClock(), actor, model_id, "0.1.0", decision)


async def read(database: Database, model_id: str) -> tuple[str, ApprovalFacts]:
    """The status of the version 0.1.0, and how its approval stands."""
    async with database.read() as session:
        row = await find_version(session, CAST.alice, model_id, "0.1.0")
        return row.status, await read_approval(session, row)
