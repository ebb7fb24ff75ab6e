"""Setting who may see a model: what is stored, what is refused, and that refusals change nothing."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed, PlatformError
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import TeamStatus
from modelyard.domain.accounts.tables import Team
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.catalog import ModelNotFound, find_model
from modelyard.domain.models.sharing import MOST_TEAMS, ScopeUnknown, TeamsRejected, set_visibility, visibility_of
from modelyard.domain.models.tables import Scope
from modelyard.domain.models.visibility import NotYourModel
from tests.cast import CAST, with_roles
from tests.library import add_model, audited, set_scope
from tests.manual_clock import ManualClock

PRIVATE = {"scope": "PRIVATE", "teams": []}


@pytest.fixture(autouse=True)
async def _more_teams(database: Database, clock: ManualClock) -> None:
    async with database.write() as session:
        for name, status in (("sound", TeamStatus.ACTIVE), ("speech", TeamStatus.ACTIVE), ("gone", TeamStatus.DELETED)):
            row = Team(id=f"team-{name}", account_id="account-acme", name=name, is_admin=False, created_at=clock.now())
            row.status = status
            session.add(row)


@pytest.fixture
async def model_id(database: Database) -> str:
    return await add_model(database, CAST.alice)


async def _set(
    database: Database,
    model_id: str,
    *,
    scope: str | None = None,
    teams: Sequence[str] | None = None,
    actor: Actor = CAST.alice,
) -> dict[str, Any]:
    async with database.write() as session:
        model = await set_visibility(session, ManualClock(), actor, model_id, scope=scope, teams=teams)
        return visibility_of(model)


async def _stored(database: Database, model_id: str) -> dict[str, Any]:
    async with database.read() as session:
        return visibility_of(await find_model(session, CAST.alice, model_id))


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("spelling", [str, str.lower, str.title, lambda text: f" {text} "])
async def test_every_scope_in_any_case(database: Database, model_id: str, scope: Scope, spelling: Any) -> None:
    assert await _set(database, model_id, scope=spelling(str(scope))) == {"scope": str(scope), "teams": []}
    assert await _stored(database, model_id) == {"scope": str(scope), "teams": []}


async def test_a_list_of_teams_replaces_the_one_before(database: Database, model_id: str) -> None:
    await _set(database, model_id, scope="TEAM", teams=["team-speech", "team-sound", "team-speech"])
    assert await _stored(database, model_id) == {"scope": "TEAM", "teams": ["team-sound", "team-speech"]}

    assert await _set(database, model_id, teams=["team-vision"]) == {"scope": "TEAM", "teams": ["team-vision"]}
    assert await _set(database, model_id, scope="team") == {"scope": "TEAM", "teams": ["team-vision"]}
    assert await _set(database, model_id, teams=[]) == {"scope": "TEAM", "teams": []}


async def test_teams_do_not_come_back_after_another_scope(database: Database, model_id: str) -> None:
    await _set(database, model_id, scope="TEAM", teams=["team-sound"])
    assert await _set(database, model_id, scope="ACCOUNT", teams=["team-sound"]) == {"scope": "ACCOUNT", "teams": []}
    assert await _set(database, model_id, scope="TEAM") == {"scope": "TEAM", "teams": []}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"scope": "EVERYBODY"}, ScopeUnknown),
        ({"scope": ""}, ScopeUnknown),
        ({"scope": "A\x00LL"}, ScopeUnknown),
        ({"scope": "TEAM", "teams": ["team-nobody"]}, TeamsRejected),
        ({"scope": "TEAM", "teams": ["team-sound", "team-gone"]}, TeamsRejected),
        ({"scope": "TEAM", "teams": ["team-strangers"]}, TeamsRejected),
        ({"scope": "TEAM", "teams": ["\x00", "x" * 10_000]}, TeamsRejected),
        ({"scope": "TEAM", "teams": [str(number) for number in range(MOST_TEAMS + 1)]}, TeamsRejected),
        ({"teams": ["team-sound"]}, TeamsRejected),
    ],
)
async def test_what_cannot_be_set(
    database: Database, model_id: str, change: dict[str, Any], error: type[PlatformError]
) -> None:
    with pytest.raises(error) as caught:
        await _set(database, model_id, **change)

    assert len(caught.value.message) < 1000
    assert await _stored(database, model_id) == PRIVATE
    assert await audited(database, f"model/{model_id}") == ["model:created"]


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (CAST.bob, NotYourModel),
        (CAST.charlie, ModelNotFound),
        (with_roles(CAST.bob, Role.DEVELOPER), NotAllowed),
        (with_roles(CAST.bob, Role.AUDITOR), NotAllowed),
        (with_roles(CAST.charlie, Role.ACCOUNT_ADMIN), ModelNotFound),
    ],
)
async def test_who_may_not_set_it(database: Database, model_id: str, actor: Actor, error: type[PlatformError]) -> None:
    await set_scope(database, model_id, Scope.ACCOUNT)
    with pytest.raises(error):
        await _set(database, model_id, scope="ALL", actor=actor)

    assert await _stored(database, model_id) == {"scope": "ACCOUNT", "teams": []}


@pytest.mark.parametrize(
    "actor",
    [CAST.olga, with_roles(CAST.bob, Role.ACCOUNT_ADMIN), with_roles(CAST.charlie, Role.SYSTEM_OWNER)],
    ids=["admin team", "team administrator", "platform administrator of another account"],
)
async def test_administrators_set_it_too(database: Database, model_id: str, actor: Actor) -> None:
    changed = await _set(database, model_id, scope="TEAM", teams=["team-sound"], actor=actor)

    assert changed == {"scope": "TEAM", "teams": ["team-sound"]}
    with pytest.raises(TeamsRejected):  # the teams of the model's account, not those of one's own
        await _set(database, model_id, teams=["team-strangers"], actor=actor)


async def test_the_audit_trail_says_what_was_and_what_is(database: Database, model_id: str) -> None:
    await _set(database, model_id, scope="TEAM", teams=["team-sound"])
    await _set(database, model_id, scope="TEAM", teams=["team-sound"])  # changes nothing

    async with database.read() as session:
        query = select(AuditEvent).where(AuditEvent.action == "model:visibility-changed")
        (event,) = (await session.scalars(query)).all()
    assert event.target == f"model/{model_id}"
    assert event.details == {"before": PRIVATE, "after": {"scope": "TEAM", "teams": ["team-sound"]}}
