"""The permission table, spelled out again: a change of it must be meant."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.accounts.actor import Actor, may_over, require, within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.roles import PERMISSIONS, ROLES, Role, custom_grants, joined, prebuilt_grants
from modelyard.domain.accounts.tables import Membership, Team
from tests.cast import CAST, Cast

READING = {permission for permission in Permission if permission.endswith(":read")}


def test_every_permission_has_a_meaning_and_a_word_of_its_own() -> None:
    assert all(permission.meaning.endswith(".") for permission in Permission)
    assert len({permission.entitlement for permission in Permission}) == len(Permission)
    assert Permission.SET_ENGINES.entitlement == "CAN_PATCH_PROCESSING_MODEL_VERSION"


def test_only_data_scientists_deploy() -> None:
    assert [role for role in Role if Permission.DEPLOY_MODELS in PERMISSIONS[role]] == [Role.DATA_SCIENTIST]


def test_the_auditor_reads_everything_and_changes_nothing() -> None:
    grants = PERMISSIONS[Role.AUDITOR]

    assert {grants[permission] for permission in READING} == {Reach.INSTALLATION}
    assert set(grants) - READING == {Permission.SUBMIT_JOBS, Permission.USE_PROFILE}
    assert grants[Permission.SUBMIT_JOBS] == Reach.OWN


def test_project_keys_manage_nothing() -> None:
    grants = PERMISSIONS[Role.PROJECT]

    voting = Permission.VOTE_ON_RESULTS
    assert set(grants) - READING == {Permission.SUBMIT_JOBS, Permission.CANCEL_JOBS, voting}
    assert max(grants.values()) <= Reach.ACCOUNT


def test_nobody_below_the_owner_reaches_beyond_the_account() -> None:
    far = {role for role in Role if Reach.INSTALLATION in PERMISSIONS[role].values()}

    assert far == {Role.SYSTEM_OWNER, Role.AUDITOR}


def test_every_role_is_described() -> None:
    assert set(ROLES) == set(Role)


def test_roles_add_up() -> None:
    both = prebuilt_grants([Role.DEVELOPER, Role.AUDITOR])

    assert set(both) == set(PERMISSIONS[Role.DEVELOPER]) | set(PERMISSIONS[Role.AUDITOR])
    assert both[Permission.READ_JOBS] == Reach.INSTALLATION
    assert both[Permission.CANCEL_JOBS] == Reach.TEAM
    assert joined([]) == {}


def test_custom_roles_reach_no_further_than_prebuilt_ones() -> None:
    grants = custom_grants(["jobs:cancel", "models:approve", "presets:manage"])

    assert grants == {
        Permission.CANCEL_JOBS: Reach.TEAM,
        Permission.APPROVE_MODELS: Reach.TEAM,
        Permission.MANAGE_PRESETS: Reach.INSTALLATION,
    }


def test_missing_permission_is_named(cast: Cast) -> None:
    require(cast.alice, Permission.DEPLOY_MODELS)
    with pytest.raises(NotAllowed, match="accounts:manage"):
        require(cast.alice, Permission.MANAGE_ACCOUNTS)


def _with(reach: Reach | None, **changes: object) -> Actor:
    grants = {} if reach is None else {Permission.READ_JOBS: reach}
    return replace(CAST.alice, grants=grants, **changes)  # type: ignore[arg-type]


ALICES = {"account": "account-acme", "team": "team-vision", "user": "user-alice", "project": None}
BOBS = ALICES | {"user": "user-bob"}
OTHER_TEAMS = BOBS | {"team": "team-sound"}
FOREIGN = {"account": "account-other", "team": "team-vision", "user": "user-alice", "project": None}
PROJECTS = OTHER_TEAMS | {"project": "project-1"}


@pytest.mark.parametrize(
    ("actor", "seen"),
    [
        (_with(None), []),
        (_with(Reach.OWN), [ALICES]),
        (_with(Reach.TEAM), [ALICES, BOBS]),
        (_with(Reach.TEAM, in_admin_team=True), [ALICES, BOBS, OTHER_TEAMS, PROJECTS]),
        (_with(Reach.ACCOUNT), [ALICES, BOBS, OTHER_TEAMS, PROJECTS]),
        (_with(Reach.INSTALLATION), [ALICES, BOBS, OTHER_TEAMS, PROJECTS, FOREIGN]),
        (_with(Reach.OWN, project_id="project-1"), [PROJECTS]),
        (_with(Reach.TEAM, project_id="project-1"), [ALICES, BOBS, PROJECTS]),
    ],
)
def test_reach(actor: Actor, seen: list[dict[str, str | None]]) -> None:
    everything = [ALICES, BOBS, OTHER_TEAMS, PROJECTS, FOREIGN]

    assert [thing for thing in everything if may_over(actor, Permission.READ_JOBS, **thing)] == seen  # type: ignore[arg-type]


@pytest.mark.parametrize("reach", [None, *Reach])
async def test_lists_and_single_things_agree(database: Database, reach: Reach | None) -> None:
    actor = _with(reach)
    async with database.read() as session:
        rows = (await session.execute(select(Team, Membership).join(Membership, Membership.team_id == Team.id))).all()
        condition = within(actor, Permission.READ_JOBS, account=Team.account_id, team=Team.id, user=Membership.user_id)
        query = select(Membership.user_id).join(Team, Team.id == Membership.team_id).where(condition)
        listed = set(await session.scalars(query))

    alone = {
        member.user_id
        for team, member in rows
        if may_over(actor, Permission.READ_JOBS, account=team.account_id, team=team.id, user=member.user_id)
    }
    assert listed == alone
