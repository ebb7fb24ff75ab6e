"""Projects: their life, their people and keys, and who may see and change which."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed, NotFound
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts import projects
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.known import find_by_prefix
from modelyard.domain.accounts.naming import NameRejected
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.project_queries import (
    ProjectFacts,
    ProjectFilter,
    ProjectNotFound,
    find_project,
    list_projects,
)
from modelyard.domain.accounts.projects import (
    NotAMember,
    NotFitToOwn,
    PersonNotFound,
    ProjectBeyondYou,
    ProjectChanges,
    ProjectDeleted,
    WordUnknown,
)
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import ProjectStatus, UserStatus
from modelyard.domain.accounts.tables import ApiKey, Project, Team, User
from modelyard.domain.accounts.teams import TeamNotFound
from tests.cast import CAST, with_roles
from tests.domain.accounts.quota_steps import add_project, key_of_project
from tests.library import audited
from tests.manual_clock import ManualClock

ALICE, BOB, CHARLIE, OLGA = CAST.alice, CAST.bob, CAST.charlie, CAST.olga
DEVELOPER = with_roles(BOB, Role.DEVELOPER)
VISIONARY = with_roles(BOB, Role.ACCOUNT_ADMIN)
OWNER = with_roles(CHARLIE, Role.SYSTEM_OWNER)
AUDITOR = with_roles(BOB, Role.AUDITOR)


async def _create(database: Database, actor: Actor = ALICE, team: str | None = None, **wanted: Any) -> ProjectFacts:
    async with database.write() as session:
        changes = ProjectChanges(**({"name": "Reports"} | wanted))
        return await projects.create_project(session, ManualClock(), actor, changes, team)


async def _change(database: Database, actor: Actor, project_id: str, **changes: Any) -> ProjectFacts:
    async with database.write() as session:
        return await projects.change_project(session, ManualClock(), actor, project_id, ProjectChanges(**changes))


async def _names(database: Database, actor: Actor, wanted: ProjectFilter | None = None) -> list[str]:
    async with database.read() as session:
        page = await list_projects(session, actor, wanted or ProjectFilter(), Page(), Sort(("name",)))
    return [facts.project.name for facts in page.entries]


async def _add_user(database: Database, identifier: str) -> None:
    """Somebody of the account who is in no team."""
    now = ManualClock().now()
    names = {"email": f"{identifier}@example.org", "first_name": "Some", "last_name": "Body"}
    async with database.write() as session:
        session.add(User(id=identifier, account_id=ALICE.account_id, status="Active", created_at=now, **names))


async def _number_of_keys(database: Database) -> int:
    async with database.read() as session:
        return len((await session.scalars(select(ApiKey).where(ApiKey.project_id.is_not(None)))).all())


async def test_project_comes_with_a_key(database: Database) -> None:
    facts = await _create(database, description="Every night")
    (key,) = facts.keys

    assert (facts.project.name, facts.project.status, facts.project.visibility) == ("Reports", "ACTIVE", "PRIVATE")
    assert (facts.owner.id, facts.team.id, facts.members) == (ALICE.user_id, ALICE.team_id, [])
    assert (key.roles, key.status, key.body_fingerprint, key.project_id) == (
        ["PROJECT"],
        "Active",
        None,
        facts.project.id,
    )
    async with database.read() as session:
        known = await find_by_prefix(session, key.prefix)
    assert known is not None
    assert (known.is_active, known.actor.project_id, known.actor.project_name) == (True, facts.project.id, "Reports")
    assert known.actor.roles == {"PROJECT"}
    assert await audited(database, f"project/{facts.project.id}") == ["project:created"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"name": "\u202eevil"},
        {"description": "x" * 2001},
        {"visibility": "EVERYBODY"},
        {"visibility": "\0"},
    ],
)
async def test_projects_that_make_no_sense(database: Database, wanted: dict[str, Any]) -> None:
    with pytest.raises((NameRejected, WordUnknown), match=next(iter(wanted))):
        await _create(database, **wanted)

    assert await _names(database, ALICE) == []
    assert await _number_of_keys(database) == 0


async def test_who_creates_where(database: Database) -> None:
    await _create(database, OLGA, ALICE.team_id)
    await _create(database, VISIONARY)
    await _create(database, DEVELOPER, DEVELOPER.team_id)
    for actor, team, error in (
        (ALICE, OLGA.team_id, RoleMissing),
        (OLGA, CHARLIE.team_id, TeamNotFound),
        (OLGA, "nothing", TeamNotFound),
        (AUDITOR, None, RoleMissing),
        (OWNER, None, RoleMissing),
    ):
        with pytest.raises(error):
            await _create(database, actor, team)
    project = await add_project(database)
    with pytest.raises(RoleMissing):
        await _create(database, key_of_project(project))


async def test_who_sees_which(database: Database) -> None:
    await _create(database, name="1 private")
    await _create(database, name="2 team", visibility="team")
    await _create(database, name="3 account", visibility="ACCOUNT")
    mine = await _create(database, name="4 with Bob")
    async with database.write() as session:
        await projects.add_member(session, ManualClock(), ALICE, mine.project.id, BOB.user_id)
    await _create(database, OLGA, name="5 of Olga", visibility="TEAM")

    every = ["1 private", "2 team", "3 account", "4 with Bob", "5 of Olga"]
    bob_elsewhere = replace(DEVELOPER, team_id="team-elsewhere")
    assert await _names(database, ALICE) == every[:4]
    assert await _names(database, DEVELOPER) == every[1:4]
    assert await _names(database, bob_elsewhere) == every[2:4]
    assert await _names(database, VISIONARY) == every[:4]
    assert await _names(database, OLGA) == await _names(database, OWNER) == every
    assert await _names(database, AUDITOR) == every
    assert await _names(database, CHARLIE) == []
    assert await _names(database, key_of_project(mine.project)) == ["4 with Bob"]
    with pytest.raises(ProjectNotFound):
        async with database.read() as session:
            await find_project(session, CHARLIE, mine.project.id)


async def test_filters_and_pages(database: Database) -> None:
    for name in ("Alpha", "Beta", "100% beta"):
        await _create(database, name=name)
    gone = await _create(database, name="Gone", description="for beta testers")
    await _change(database, ALICE, gone.project.id, status="deleted")

    async with database.read() as session:
        pages = [
            await list_projects(session, ALICE, ProjectFilter(), Page(number, 2), Sort(("name",), descending=True))
            for number in (1, 2)
        ]
    assert [[facts.project.name for facts in page.entries] for page in pages] == [["Beta", "Alpha"], ["100% beta"]]
    assert [page.has_next for page in pages] == [True, False]
    assert await _names(database, ALICE, ProjectFilter(search="BETA")) == ["100% beta", "Beta"]
    assert await _names(database, ALICE, ProjectFilter(search="%")) == ["100% beta"]
    assert await _names(database, ALICE, ProjectFilter(search="beta", statuses=(ProjectStatus.DELETED,))) == ["Gone"]


async def test_change_is_audited_and_noticed(database: Database) -> None:
    project_id = (await _create(database)).project.id
    bell = database.bells.listen(TOPIC)
    changed = await _change(database, ALICE, project_id, name=" New   name ", visibility="account", description="")
    await _change(database, ALICE, project_id, name="New name")

    assert (changed.project.name, changed.project.visibility) == ("New name", "ACCOUNT")
    assert await bell.wait(0.01)
    assert await audited(database, f"project/{project_id}") == ["project:created", "project:changed"]


async def test_keys_stop_with_the_project(database: Database) -> None:
    facts = await _create(database)
    states = []
    for status in ("INACTIVE", "ACTIVE", "DELETED"):
        facts = await _change(database, ALICE, facts.project.id, status=status)
        async with database.read() as session:
            known = await find_by_prefix(session, facts.keys[0].prefix)
        states.append((known is not None and known.is_active, facts.keys[0].status))

    assert states == [(False, "Active"), (True, "Active"), (False, "Deleted")]
    assert (await audited(database, f"project/{facts.project.id}"))[-1] == "project:deleted"


async def test_deleted_is_final(database: Database) -> None:
    project_id = (await _create(database)).project.id
    await _change(database, ALICE, project_id, status="DELETED")
    async with database.write() as session:
        assert (await find_project(session, ALICE, project_id)).keys[0].status == "Deleted"
    for changes in ({"status": "ACTIVE"}, {"status": "DELETED"}, {"name": "Other"}):
        with pytest.raises(ProjectDeleted):
            await _change(database, ALICE, project_id, **changes)
    with pytest.raises(ProjectDeleted):
        async with database.write() as session:
            await projects.add_key(session, ManualClock(), ALICE, project_id, name="One more")


async def test_who_changes(database: Database) -> None:
    project_id = (await _create(database, visibility="ACCOUNT")).project.id
    async with database.write() as session:
        await projects.add_member(session, ManualClock(), ALICE, project_id, BOB.user_id)
    for actor in (ALICE, VISIONARY, OLGA, OWNER):
        await _change(database, actor, project_id, description=actor.email)
    project = (await _change(database, ALICE, project_id)).project
    manager = replace(key_of_project(project), grants=dict.fromkeys(Permission, Reach.OWN))
    for stranger, error in (
        (DEVELOPER, ProjectBeyondYou),
        (AUDITOR, RoleMissing),
        (CHARLIE, ProjectNotFound),
        (key_of_project(project), RoleMissing),
        (manager, ProjectBeyondYou),
    ):
        with pytest.raises(error):
            await _change(database, stranger, project_id, name="Mine")


async def test_members(database: Database) -> None:
    project_id = (await _create(database)).project.id
    clock = ManualClock()
    for _ in range(2):
        async with database.write() as session:
            facts = await projects.add_member(session, clock, ALICE, project_id, OLGA.user_id)
        assert [member.id for member in facts.members] == [OLGA.user_id]
    async with database.write() as session:
        facts = await projects.remove_member(session, clock, ALICE, project_id, OLGA.user_id)
    assert facts.members == []
    for user, error in ((CHARLIE.user_id, PersonNotFound), ("nobody", PersonNotFound), (OLGA.user_id, NotAMember)):
        call = projects.remove_member if error is NotAMember else projects.add_member
        with pytest.raises(error):
            async with database.write() as session:
                await call(session, clock, ALICE, project_id, user)

    assert (await audited(database, f"project/{project_id}"))[1:] == ["project:member:added", "project:member:removed"]


async def test_further_keys(database: Database) -> None:
    project_id = (await _create(database)).project.id
    async with database.write() as session:
        made = await projects.add_key(session, ManualClock(), ALICE, project_id, name="Night", description="For cron")
    async with database.write() as session:
        key = await session.get_one(ApiKey, (await find_project(session, ALICE, project_id)).keys[0].prefix)
        key.status = "Deleted"
    async with database.read() as session:
        facts = await find_project(session, ALICE, project_id)

    assert (made.key.name, made.key.description, made.roles, made.user.id) == (
        "Night",
        "For cron",
        ["PROJECT"],
        ALICE.user_id,
    )
    assert len(facts.keys) == 1
    assert await audited(database, f"key/{made.key.prefix}") == ["key:created"]


async def test_project_whose_keys_were_all_deleted_still_shows_one(database: Database) -> None:
    project_id = (await _create(database)).project.id
    async with database.write() as session:
        (await session.scalars(select(ApiKey).where(ApiKey.project_id == project_id))).one().status = "Deleted"
    async with database.read() as session:
        assert [key.status for key in (await find_project(session, ALICE, project_id)).keys] == ["Deleted"]


async def test_administrators_hand_a_project_over(database: Database) -> None:
    facts = await _create(database)
    with pytest.raises(ProjectBeyondYou):
        await _change(database, ALICE, facts.project.id, owner=BOB.user_id)
    await _add_user(database, "dana")
    for user, error in (("dana", NotFitToOwn), (CHARLIE.user_id, PersonNotFound)):
        with pytest.raises(error):
            await _change(database, OLGA, facts.project.id, owner=user)
    assert (await _change(database, OLGA, facts.project.id, owner=OLGA.user_id)).owner.id == OLGA.user_id
    handed = await _change(database, OLGA, facts.project.id, owner=BOB.user_id)
    async with database.read() as session:
        known = await find_by_prefix(session, facts.keys[0].prefix)

    assert handed.owner.id == BOB.user_id
    assert known is not None
    assert known.actor.user_id == BOB.user_id
    async with database.write() as session:
        (await session.get_one(User, ALICE.user_id)).status = UserStatus.INACTIVE
    with pytest.raises(NotFitToOwn):
        await _change(database, OLGA, facts.project.id, owner=ALICE.user_id)


async def test_lists_ask_the_same_number_of_questions_however_long(database: Database) -> None:
    seen: list[str] = []
    numbers = []
    event.listen(database.engine.sync_engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    for _ in range(2):
        for _ in range(3):
            await _create(database)
        seen.clear()
        await _names(database, ALICE)
        numbers.append(len(seen))

    assert numbers[0] == numbers[1] <= 4


async def test_what_one_may_not_see_is_not_found(database: Database) -> None:
    project_id = (await _create(database)).project.id
    for call in (projects.add_member, projects.remove_member):
        with pytest.raises(NotFound):
            async with database.write() as session:
                await call(session, ManualClock(), CHARLIE, project_id, CHARLIE.user_id)
    with pytest.raises((NotFound, NotAllowed)):
        async with database.write() as session:
            await projects.add_key(session, ManualClock(), CHARLIE, project_id, name="Mine")

    async with database.read() as session:
        assert len((await session.scalars(select(Project))).all()) == 1
        assert await session.get(Team, ALICE.team_id) is not None
