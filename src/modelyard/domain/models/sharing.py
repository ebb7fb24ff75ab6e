"""Sets who may see a model: everybody, its account, some teams, or its creator alone."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from modelyard.core.clock import Clock
from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.states import TeamStatus
from modelyard.domain.accounts.tables import Team
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import find_model_to_change
from modelyard.domain.models.tables import Model, ModelTeam, Scope

MOST_TEAMS = 1000


class ScopeUnknown(InvalidInput):
    """There is no such scope."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"scope: one of {', '.join(Scope)}, not {scope[:40]!r}.")


class TeamsRejected(InvalidInput):
    """The list of teams cannot be used."""


async def set_visibility(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    model_id: str,
    *,
    scope: str | None = None,
    teams: Sequence[str] | None = None,
) -> Model:
    """Sets scope and teams; None leaves one as it is. Teams belong to the scope TEAM: with any other there are none.

    Raises ModelNotFound, NotYourModel, ScopeUnknown, TeamsRejected.
    """
    require(actor, Permission.CHANGE_MODELS)
    model = await find_model_to_change(session, actor, model_id)
    before = visibility_of(model)
    new_scope = _scope(scope) if scope is not None else Scope(model.scope)
    if teams and scope is None and new_scope != Scope.TEAM:
        raise TeamsRejected(f"teams: only for the scope TEAM, this model's is {new_scope}; send both.")
    wanted: list[str] = before["teams"] if new_scope == Scope.TEAM else []
    if teams is not None and new_scope == Scope.TEAM:
        wanted = await _teams(session, model, teams)
    after = {"scope": new_scope.value, "teams": wanted}
    if after != before:
        await _store(session, model, new_scope, wanted)
        model.updated_at = clock.now()
        record(session, clock, actor, "model:visibility-changed", f"model/{model.id}", before=before, after=after)
    return model


def visibility_of(model: Model) -> dict[str, Any]:
    """Scope and teams of a model, as the audit trail keeps them."""
    return {"scope": str(model.scope), "teams": [row.team_id for row in model.teams]}


def _scope(text: str) -> Scope:
    try:
        return Scope(text.strip().upper())
    except ValueError:
        raise ScopeUnknown(text) from None


async def _teams(session: AsyncSession, model: Model, teams: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(teams))
    if len(wanted) > MOST_TEAMS:
        raise TeamsRejected(f"teams: at most {MOST_TEAMS}, not {len(wanted)}.")
    query = select(Team.id).where(
        Team.id.in_(wanted), Team.account_id == model.account_id, Team.status == TeamStatus.ACTIVE
    )
    known = set(await session.scalars(query))
    if unknown := [team[:40] for team in wanted if team not in known]:
        raise TeamsRejected(f"teams: the model's account has no such active teams: {unknown[:10]}.")
    return sorted(wanted)


async def _store(session: AsyncSession, model: Model, scope: Scope, teams: Sequence[str]) -> None:
    model.scope = scope
    await session.execute(delete(ModelTeam).where(ModelTeam.model_id == model.id))
    session.add_all(ModelTeam(model_id=model.id, team_id=team) for team in teams)
    await session.flush()
    # Not through `find_model`: who hides a model from themselves gets an answer all the same.
    query = select(Model).where(Model.id == model.id).options(selectinload(Model.teams))
    await session.scalars(query.execution_options(populate_existing=True))
