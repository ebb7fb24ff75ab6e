"""Custom roles: whose they are, what may be put into them, and who keeps one from being deleted."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.ids import new_uuid
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts import custom_roles
from modelyard.domain.accounts.account_meant import AccountNotFound
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.credentials import Credentials
from modelyard.domain.accounts.custom_roles import (
    PermissionBeyondYou,
    RoleChanges,
    RoleExists,
    RoleInUse,
    TooManyRoles,
    change_role,
    create_role,
    delete_role,
)
from modelyard.domain.accounts.granting import (
    RoleBeyondYours,
    RoleReachesFarther,
    RoleUnknown,
    check_roles,
    grants_of,
    read_grants,
)
from modelyard.domain.accounts.key_queries import KeyFilter, list_keys
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.role_queries import RoleFacts, RoleNotFound, find_role, list_roles
from modelyard.domain.accounts.roles import PERMISSIONS, Role, RoleType, custom_grants
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import Account, ApiKey, CustomRole, Membership, Team, User
from modelyard.domain.audit.tables import AuditEvent
from tests.cast import CAST, authorization
from tests.domain.accounts.quota_steps import add_project
from tests.manual_clock import ManualClock

CLOCK = ManualClock()
ACME, OTHER = CAST.alice.account_id, CAST.charlie.account_id
VISION = Team(id=CAST.alice.team_id, account_id=ACME, name="", is_admin=False, created_at=CLOCK.now())


async def _create(
    database: Database, *permissions: str, identifier: str = "OPERATOR", actor: Actor = CAST.olga, **where: str
) -> RoleFacts:
    wanted = RoleChanges(name="Operator", permissions=permissions or ("jobs:read",))
    async with database.write() as session:
        return await create_role(session, CLOCK, actor, identifier, wanted, **where)


async def _give(database: Database, *roles: str, actor: Actor = CAST.alice) -> None:
    async with database.write() as session:
        (await session.get_one(Membership, (actor.user_id, actor.team_id))).roles = list(roles)


async def _add_users(database: Database, number: int, status: str = UserStatus.ACTIVE) -> None:
    """Users of Alice's team who have the role."""
    async with database.write() as session:
        team = await session.get_one(Team, CAST.alice.team_id)
        for position in range(number):
            user = User(
                id=new_uuid(),
                account_id=ACME,
                email=f"user{position:03}@example.org",
                first_name="Some",
                last_name="Body",
                status=status,
                created_at=CLOCK.now(),
            )
            session.add(user)
            await session.flush()
            add_member(session, CLOCK, user, team, ["OPERATOR"])


def test_a_role_reaches_as_far_as_those_of_its_type() -> None:
    for permission in PERMISSIONS[Role.PROJECT]:
        role = CustomRole(permissions=[permission], type=RoleType.SYSTEM)
        assert grants_of(role) == {permission: PERMISSIONS[Role.PROJECT][permission]}
    assert grants_of(CustomRole(permissions=["users:manage"], type=RoleType.SYSTEM)) == {}
    team_wide = grants_of(CustomRole(permissions=["jobs:read"], type=RoleType.USER))
    assert team_wide == {Permission.READ_JOBS: Reach.TEAM}


async def test_a_projects_key_with_a_custom_role_reaches_its_project_only(
    database: Database, authenticator: Authenticator
) -> None:
    await _create(database, "jobs:read", "jobs:submit", key_type=RoleType.SYSTEM)
    project = await add_project(database)
    async with database.write() as session:
        row = await session.get_one(ApiKey, "aliceprefix")
        row.project_id, row.roles = project.id, ["OPERATOR"]
    actor = await authenticator.find_actor(Credentials(authorization(CAST.alice)))

    assert dict(actor.grants) == {Permission.READ_JOBS: Reach.OWN, Permission.SUBMIT_JOBS: Reach.OWN}


async def test_types_are_kept_apart(database: Database) -> None:
    await _create(database, identifier="FOR_USERS")
    await _create(database, identifier="FOR_PROJECTS", key_type=RoleType.SYSTEM)
    async with database.read() as session:
        assert await check_roles(session, CAST.olga, VISION, ["FOR_USERS"]) == ["FOR_USERS"]
        assert await check_roles(session, CAST.olga, VISION, ["FOR_PROJECTS"], RoleType.SYSTEM) == ["FOR_PROJECTS"]
        for roles, key_type in ((["FOR_PROJECTS"], RoleType.USER), (["FOR_USERS"], RoleType.SYSTEM)):
            with pytest.raises(RoleUnknown):
                await check_roles(session, CAST.olga, VISION, roles, key_type)


async def test_roles_belong_to_an_account(database: Database) -> None:
    await _create(database)
    await _create(database, "models:read", account_id=OTHER)
    async with database.read() as session:
        assert set((await find_role(session, CAST.alice, "OPERATOR")).grants) == {Permission.READ_JOBS}
        assert set((await find_role(session, CAST.charlie, "OPERATOR")).grants) == {Permission.READ_MODELS}
        assert set(await read_grants(session, OTHER, ["OPERATOR"])) == {Permission.READ_MODELS}
        there = await list_roles(session, CAST.olga, OTHER)
        assert [set(role.grants) for role in there if not role.is_prebuilt] == [{Permission.READ_MODELS}]
        for account in (OTHER, "nothing", "\x00"):
            with pytest.raises(AccountNotFound):
                await list_roles(session, CAST.alice, account)
        with pytest.raises(RoleNotFound):
            await find_role(session, CAST.alice, "operator")


async def test_identifiers_are_given_once(database: Database) -> None:
    await _create(database)
    for identifier in ("OPERATOR", "AUDITOR", "TEAM_ROLE"):
        with pytest.raises(RoleExists):
            await _create(database, identifier=identifier)


async def test_there_are_not_too_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_roles, "MOST_CUSTOM_ROLES", 2)
    await _create(database, identifier="ONE")
    await _create(database, identifier="TWO")
    with pytest.raises(TooManyRoles):
        await _create(database, identifier="THREE")
    await _create(database, identifier="THREE", account_id=OTHER)


async def test_what_reaches_the_installation_is_for_those_who_have_it(database: Database) -> None:
    far = [each for each in Permission if custom_grants([each])[each] == Reach.INSTALLATION]
    assert {Permission.MANAGE_ACCOUNTS, Permission.MANAGE_ROLES} <= set(far)
    maker = replace(CAST.alice, grants={Permission.MANAGE_ROLES: Reach.INSTALLATION})

    await _create(database, Permission.MANAGE_ROLES, Permission.MANAGE_USERS, actor=maker, identifier="MAKER")
    for permission in set(far) - {Permission.MANAGE_ROLES}:
        with pytest.raises(PermissionBeyondYou):
            await _create(database, permission, actor=maker)
        await _create(database, permission, identifier=f"FAR_{permission.name}")
        async with database.read() as session:
            giver = replace(CAST.alice, grants={Permission.ASSIGN_ROLES: Reach.ACCOUNT})
            with pytest.raises(RoleBeyondYours):
                await check_roles(session, giver, VISION, [f"FAR_{permission.name}"])


async def test_nobody_adds_to_a_role_what_administers_more_than_they_do(database: Database) -> None:
    await _create(database)
    maker = replace(CAST.alice, grants={Permission.MANAGE_ROLES: Reach.INSTALLATION})
    async with database.write() as session:
        for permission in ("users:manage", "keys:manage"):
            with pytest.raises(RoleReachesFarther):
                await change_role(session, CLOCK, maker, "OPERATOR", RoleChanges(permissions=["jobs:read", permission]))
        await change_role(session, CLOCK, maker, "OPERATOR", RoleChanges(permissions=["jobs:read", "jobs:cancel"]))


async def test_nobody_else_makes_roles(database: Database) -> None:
    async with database.write() as session:
        for actor in (CAST.alice, replace(CAST.olga, grants=PERMISSIONS[Role.ACCOUNT_ADMIN])):
            with pytest.raises(RoleMissing):
                await create_role(session, CLOCK, actor, "MINE", RoleChanges(name="x", permissions=["jobs:read"]))
            with pytest.raises(RoleMissing):
                await change_role(session, CLOCK, actor, "MINE", RoleChanges(name="x"))
            with pytest.raises(RoleMissing):
                await delete_role(session, CLOCK, actor, "MINE")


async def test_a_change_holds_at_once(database: Database, authenticator: Authenticator) -> None:
    await _create(database)
    await _give(database, "OPERATOR")
    alice = Credentials(authorization(CAST.alice))
    assert set((await authenticator.find_actor(alice)).grants) == {Permission.READ_JOBS}

    async with database.write() as session:
        changes = RoleChanges(permissions=["models:read"], long_description="One.\nTwo.")
        changed = await change_role(session, CLOCK, CAST.olga, "OPERATOR", changes)
    assert set((await authenticator.find_actor(alice)).grants) == {Permission.READ_MODELS}
    assert changed.long_description == "One.\nTwo."
    async with database.read() as session:
        told = (await session.scalars(select(AuditEvent).where(AuditEvent.action == "role:changed"))).one()
    assert (told.details["before"]["permissions"], told.details["after"]["permissions"]) == (
        ["jobs:read"],
        ["models:read"],
    )


async def test_a_change_of_nothing_is_not_told(database: Database) -> None:
    await _create(database)
    async with database.write() as session:
        await change_role(
            session, CLOCK, CAST.olga, "OPERATOR", RoleChanges(name="Operator", permissions=["jobs:read"])
        )
    async with database.read() as session:
        assert (await session.scalars(select(AuditEvent).where(AuditEvent.action == "role:changed"))).all() == []


async def _refusal(database: Database) -> str:
    with pytest.raises(RoleInUse) as caught:
        async with database.write() as session:
            await delete_role(session, CLOCK, CAST.olga, "OPERATOR")
    return caught.value.message


async def test_who_has_a_role_keeps_it(database: Database) -> None:
    await _create(database)
    await _create(database, account_id=OTHER)
    await _give(database, "DEVELOPER", "OPERATOR")
    await _give(database, "OPERATOR", actor=CAST.charlie)
    assert (await _refusal(database)).endswith("alice@example.org in team-vision.")
    await _give(database, "OPERATOR_OF_MORE", "XOPERATOR")

    project = await add_project(database)
    async with database.write() as session:
        key = await session.get_one(ApiKey, "bobprefix")
        key.project_id, key.roles = project.id, ["OPERATOR"]
    assert "the key bobprefix" in await _refusal(database)
    async with database.write() as session:
        (await session.get_one(ApiKey, "bobprefix")).status = KeyStatus.DELETED
        (await session.get_one(Account, ACME)).approval_roles = ["OPERATOR"]
    assert "approve" in await _refusal(database)
    async with database.write() as session:
        (await session.get_one(Account, ACME)).approval_roles = []
    async with database.write() as session:
        await delete_role(session, CLOCK, CAST.olga, "OPERATOR")
    async with database.read() as session:
        assert await session.get(CustomRole, (OTHER, "OPERATOR")) is not None


async def test_the_list_of_who_has_it_is_bounded(database: Database) -> None:
    await _create(database)
    await _add_users(database, 50)
    message = await _refusal(database)

    assert message.count("@example.org") == 20
    assert message.endswith("and 30 more.")


async def test_who_was_deleted_keeps_no_role(database: Database) -> None:
    await _create(database)
    await _add_users(database, 1, status=UserStatus.DELETED)
    async with database.write() as session:
        await delete_role(session, CLOCK, CAST.olga, "OPERATOR")


async def test_a_role_that_is_gone_allows_nothing(database: Database, authenticator: Authenticator) -> None:
    await _give(database, "GONE", "DEVELOPER")
    actor = await authenticator.find_actor(Credentials(authorization(CAST.alice)))
    assert dict(actor.grants) == dict(PERMISSIONS[Role.DEVELOPER])
    async with database.read() as session:
        found: Any = await list_keys(session, CAST.alice, KeyFilter(), Page(), Sort())
    assert found.entries[0].roles == ["GONE", "DEVELOPER"]
