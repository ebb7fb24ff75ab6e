"""Quotas: who may make, see, change and delete which, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from modelyard.core.database import Database
from modelyard.core.errors import InvalidInput, NotFound
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.accounts.memberships import add_member
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.quota_queries import QuotaFilter, QuotaNotFound, UsedQuota, find_quota, list_quotas
from modelyard.domain.accounts.quotas import (
    BelowUse,
    BindsYou,
    QuotaChanges,
    QuotaRejected,
    SubjectNotFound,
    change_quota,
    delete_quota,
)
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.tables import ProjectMember, QuotaUse, Team, User
from modelyard.domain.accounts.user_access import UserInOtherTeams
from tests.cast import CAST, with_roles
from tests.domain.accounts.quota_steps import add_project, add_quota, key_of_project
from tests.domain.jobs.steps import submit
from tests.library import add_active, audited
from tests.manual_clock import ManualClock

ALICE, BOB, CHARLIE, OLGA = CAST.alice, CAST.bob, CAST.charlie, CAST.olga
VISIONARY = with_roles(BOB, Role.ACCOUNT_ADMIN)
"""Bob as the administrator of Alice's team."""
STRANGE_ADMIN = with_roles(replace(CHARLIE, in_admin_team=True), Role.ACCOUNT_ADMIN)
AUDITOR = with_roles(CHARLIE, Role.AUDITOR)


async def _change(database: Database, actor: Actor, quota: UsedQuota, **changes: Any) -> UsedQuota:
    async with database.write() as session:
        return await change_quota(session, ManualClock(), actor, quota.quota.id, QuotaChanges(**changes))


def _with(actor: Actor, grants: dict[Permission, Reach]) -> Actor:
    return replace(actor, grants=grants)


async def _names(database: Database, actor: Actor, **wanted: str) -> list[str]:
    async with database.read() as session:
        found = await list_quotas(session, ManualClock(), actor, QuotaFilter(**wanted), Page(), Sort(("quota",)))
    return [entry.name for entry in found.entries]


async def test_a_quota_says_whom_it_binds_and_what_is_used(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE)
    quota = await add_quota(database, 10, user=ALICE.user_id, period="daily")
    await submit(database, clock, model_id, number=3)
    async with database.read() as session:
        today = await find_quota(session, clock, OLGA, quota.quota.id)
        await clock.advance(86_400)
        tomorrow = await find_quota(session, clock, OLGA, quota.quota.id)

    assert (quota.name, quota.used) == ("alice@example.org", 0)
    assert (today.used, tomorrow.used) == (3, 0)
    assert await audited(database, f"quota/{quota.quota.id}") == ["quota:created"]


@pytest.mark.parametrize(
    ("whom", "error"),
    [
        ({}, QuotaRejected),
        ({"user": ALICE.user_id, "team": ALICE.team_id}, QuotaRejected),
        ({"user": "nobody"}, SubjectNotFound),
        ({"team": ALICE.user_id}, SubjectNotFound),
        ({"project": "\0"}, SubjectNotFound),
        ({"user": ALICE.user_id, "period": "fortnightly"}, QuotaRejected),
        ({"user": ALICE.user_id, "period": ""}, QuotaRejected),
        ({"user": ALICE.user_id, "amount": -1}, QuotaRejected),
        ({"user": ALICE.user_id, "amount": 10**15 + 1}, QuotaRejected),
        (
            {
                "user": ALICE.user_id,
                "starts_at": datetime(2026, 2, 1, tzinfo=UTC),
                "ends_at": datetime(2026, 2, 1, tzinfo=UTC),
            },
            QuotaRejected,
        ),
    ],
)
async def test_quotas_that_make_no_sense(database: Database, whom: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await add_quota(database, **({"amount": 1} | whom))

    assert await _names(database, OLGA) == []
    assert await audited(database) == []


async def test_a_deleted_project_gets_no_quota(database: Database) -> None:
    project = await add_project(database, status=ProjectStatus.DELETED)
    with pytest.raises(SubjectNotFound):
        await add_quota(database, 1, project=project.id)


async def test_who_may_limit_whom(database: Database) -> None:
    project = await add_project(database)
    subjects: list[dict[str, Any]] = [
        {"user": ALICE.user_id},
        {"team": ALICE.team_id},
        {"project": project.id},
        {"user": OLGA.user_id},
        {"team": OLGA.team_id},
        {"user": CHARLIE.user_id},
        {"team": CHARLIE.team_id},
    ]
    owner = with_roles(CHARLIE, Role.SYSTEM_OWNER)
    allowed = {}
    for name, actor in {"owner": owner, "olga": with_roles(OLGA, Role.ACCOUNT_ADMIN), "team": VISIONARY}.items():
        allowed[name] = ""
        for whom in subjects:
            try:
                await add_quota(database, 1, by=actor, **whom)
            except NotFound:
                allowed[name] += "-"
            else:
                allowed[name] += "x"

    assert allowed == {"owner": "xxxxxxx", "olga": "xxxxx--", "team": "xxx----"}
    for actor in (ALICE, with_roles(ALICE, Role.AUDITOR), key_of_project(project)):
        with pytest.raises(RoleMissing):
            await add_quota(database, 1, by=actor, user=ALICE.user_id)


async def test_who_sees_which(database: Database) -> None:
    project = await add_project(database)
    async with database.write() as session:
        session.add(ProjectMember(project_id=project.id, user_id=BOB.user_id, created_at=ManualClock().now()))
    owner = with_roles(CHARLIE, Role.SYSTEM_OWNER)
    subjects = {"project": project.id, "user": ALICE.user_id, "team": ALICE.team_id}
    for amount, (kind, identifier) in enumerate(subjects.items()):
        whom: dict[str, Any] = {kind: identifier}
        await add_quota(database, amount, **whom)
    await add_quota(database, 3, user=OLGA.user_id)
    await add_quota(database, 4, by=owner, team=CHARLIE.team_id)

    names = ["A project", "alice@example.org", "team-vision", "olga@example.org", "team-strangers"]
    assert await _names(database, owner) == names
    assert await _names(database, AUDITOR) == names
    assert await _names(database, OLGA) == names  # she is a platform administrator
    assert await _names(database, with_roles(OLGA, Role.ACCOUNT_ADMIN)) == names[:4]
    assert await _names(database, VISIONARY) == names[:3]
    assert await _names(database, ALICE) == names[:2]
    assert await _names(database, BOB) == names[:1]
    assert await _names(database, key_of_project(project)) == names[:1]
    assert await _names(database, CHARLIE) == []
    assert await _names(database, OLGA, team=ALICE.team_id) == ["team-vision"]
    assert await _names(database, OLGA, user=ALICE.user_id) == ["alice@example.org"]


async def test_pages(database: Database, clock: ManualClock) -> None:
    for amount in range(5):
        await add_quota(database, amount, user=ALICE.user_id)
    async with database.read() as session:
        pages = [
            await list_quotas(session, clock, OLGA, QuotaFilter(), Page(number, 2), Sort(("quota",), descending=True))
            for number in (1, 2, 3, 4)
        ]

    assert [[entry.quota.amount for entry in page.entries] for page in pages] == [[4, 3], [2, 1], [0], []]
    assert [page.has_next for page in pages] == [True, True, False, False]


async def test_change_is_audited_with_before_and_after(database: Database) -> None:
    quota = await add_quota(database, 10, user=ALICE.user_id)
    until = datetime(2026, 5, 1, tzinfo=UTC)
    changed = await _change(database, OLGA, quota, amount=20, ends_at=until)
    await _change(database, OLGA, quota, amount=20)
    without = await _change(database, OLGA, quota, without_end=True)

    assert (changed.quota.amount, changed.quota.ends_at, without.quota.ends_at) == (20, until, None)
    assert await audited(database, f"quota/{quota.quota.id}") == ["quota:created", "quota:changed", "quota:changed"]


async def test_not_below_what_is_used(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE)
    quota = await add_quota(database, 10, user=ALICE.user_id, period="daily")
    await submit(database, clock, model_id, number=3)
    with pytest.raises(BelowUse, match="below the 3 that are used already"):
        await _change(database, OLGA, quota, amount=2)

    async with database.read() as session:
        assert (await find_quota(session, clock, OLGA, quota.quota.id)).quota.amount == 10
    assert (await _change(database, OLGA, quota, amount=3)).quota.amount == 3


async def test_moving_a_quota_keeps_what_is_used(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE)
    quota = await add_quota(database, 10, user=ALICE.user_id)
    await submit(database, clock, model_id, number=3)

    moved = await _change(database, OLGA, quota, starts_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert moved.used == 3


@pytest.mark.parametrize(
    "changes", [{"period": "daily"}, {"amount": -1}, {"amount": 10**16}, {"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}]
)
async def test_changes_that_make_no_sense(database: Database, changes: dict[str, Any]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    quota = await add_quota(database, 10, user=ALICE.user_id, period="hourly", starts_at=start)
    with pytest.raises(InvalidInput):
        await _change(database, OLGA, quota, **changes)

    assert (await _change(database, OLGA, quota, period="hourly")).quota.amount == 10


@pytest.mark.parametrize("whom", [{"team": ALICE.team_id}, {"user": BOB.user_id}])
async def test_nobody_loosens_what_binds_them(database: Database, whom: dict[str, Any]) -> None:
    quota = await add_quota(database, 10, **whom)
    assert (await _change(database, VISIONARY, quota, amount=9)).quota.amount == 9
    for changes in ({"amount": 10}, {"amount": 5, "starts_at": datetime(2027, 1, 1, tzinfo=UTC)}):
        with pytest.raises(BindsYou):
            await _change(database, VISIONARY, quota, **changes)
    with pytest.raises(BindsYou):
        async with database.write() as session:
            await delete_quota(session, ManualClock(), VISIONARY, quota.quota.id)

    assert (await _change(database, OLGA, quota, amount=11)).quota.amount == 11


async def test_a_team_administrator_lifts_the_quotas_of_others(database: Database) -> None:
    quota = await add_quota(database, 10, user=ALICE.user_id)
    await _change(database, VISIONARY, quota, amount=20)
    async with database.write() as session:
        await delete_quota(session, ManualClock(), VISIONARY, quota.quota.id)

    assert await _names(database, OLGA) == []
    assert (await audited(database, f"quota/{quota.quota.id}"))[-1] == "quota:deleted"


async def test_who_may_not_change(database: Database) -> None:
    quota = await add_quota(database, 10, user=ALICE.user_id)
    blind = _with(OLGA, {Permission.MANAGE_QUOTAS: OLGA.grants[Permission.MANAGE_QUOTAS]})
    own = {Permission.MANAGE_QUOTAS: Reach.OWN}
    reader, colleague, auditor = [_with(actor, {**actor.grants, **own}) for actor in (ALICE, BOB, AUDITOR)]
    for actor, error in (
        (ALICE, RoleMissing),
        (AUDITOR, RoleMissing),
        (STRANGE_ADMIN, QuotaNotFound),
        (colleague, QuotaNotFound),
        (reader, BindsYou),
        (auditor, RoleMissing),
    ):
        with pytest.raises(error):
            await _change(database, actor, quota, amount=50)

    assert (await _change(database, blind, quota, amount=50)).quota.amount == 50


async def test_deleting_forgets_what_was_counted(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, ALICE)
    quota = await add_quota(database, 10, user=ALICE.user_id)
    await submit(database, clock, model_id, number=3)
    async with database.write() as session:
        await delete_quota(session, clock, OLGA, quota.quota.id)
    async with database.read() as session:
        assert await session.get(QuotaUse, (quota.quota.id, datetime(1970, 1, 1, tzinfo=UTC))) is None
        with pytest.raises(QuotaNotFound):
            await find_quota(session, clock, OLGA, quota.quota.id)


async def test_who_administers_one_team_limits_nobody_who_is_in_others(database: Database) -> None:
    async with database.write() as session:
        alice, sound = await session.get_one(User, ALICE.user_id), Team(id="sound", account_id=ALICE.account_id)
        sound.name, sound.is_admin, sound.created_at = "Sound", False, ManualClock().now()
        session.add(sound)
        await session.flush()
    before = await add_quota(database, 10, by=VISIONARY, user=ALICE.user_id)  # she is in no other team yet
    async with database.write() as session:
        add_member(session, ManualClock(), alice, sound, [Role.DEVELOPER])
    with pytest.raises(UserInOtherTeams):
        await add_quota(database, 0, by=VISIONARY, user=ALICE.user_id)
    with pytest.raises(UserInOtherTeams):
        await _change(database, VISIONARY, before, amount=1)
    with pytest.raises(UserInOtherTeams):
        async with database.write() as session:
            await delete_quota(session, ManualClock(), VISIONARY, before.quota.id)
    await _change(database, with_roles(OLGA, Role.ACCOUNT_ADMIN), before, amount=1)
    await add_quota(database, 0, by=with_roles(OLGA, Role.ACCOUNT_ADMIN), user=ALICE.user_id)
