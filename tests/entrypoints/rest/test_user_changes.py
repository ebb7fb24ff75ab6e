"""Changes of users over the API: who may, and what comes of it."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from modelyard.app import Platform
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import CustomRole, User
from modelyard.domain.jobs.status import JobStatus
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import project_key
from tests.entrypoints.rest.people import (
    ACME,
    ADMINISTRATORS,
    OTHER,
    SOUND,
    VISION,
    Someone,
    add_someone,
    keys_of,
    memberships,
    sessions_of,
    sign_in,
    user_row,
)
from tests.entrypoints.rest.steps import Walk, expect, expect_error, snapshot
from tests.library import audited

USERS = "/api/accounting/users"
HOSTILE_NAMES = ["", "  ", "a\x00b", "a\nb", "\x1b[31m", "\u202eabc", "x" * 101, "\u200b"]


def _path(user_id: str, account: str = ACME) -> str:
    return f"/api/accounting/accounts/{account}/users/{user_id}"


def _names(users: list[dict[str, Any]]) -> list[str]:
    return sorted(user["firstName"] for user in users)


async def _submit(client: AsgiClient, walk: Walk) -> str:
    model = {"identifier": await walk.active(), "version": "0.1.0"}
    body = {"model": model, "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}}}
    return str(expect(await client.call("POST", "/api/jobs", body), 202)["jobIdentifier"])


async def test_people_change_their_own_names(alice: AsgiClient, platform: Platform) -> None:
    change = {"firstName": "  Älice ", "lastName": "O'Neil-Śmith <b>", "title": "Data scientist", "onboarded": True}

    user = expect(await alice.call("PATCH", _path("user-alice"), change))

    assert (user["firstName"], user["lastName"], user["title"]) == ("Älice", "O'Neil-Śmith <b>", "Data scientist")
    assert user["onboarded"] is True
    assert "title" not in expect(await alice.call("PATCH", _path("user-alice"), {"title": ""}))
    assert expect(await alice.call("PATCH", _path("user-alice"), {"firstName": None}))["firstName"] == "Älice"
    assert await audited(platform.database, "user/user-alice") == ["user:changed", "user:changed"]


async def test_the_profile_is_oneself(alice: AsgiClient, app: FastAPI, platform: Platform) -> None:
    profile = "/api/accounting/profile"
    assert expect(await alice.call("GET", profile))["identifier"] == "user-alice"
    changed = expect(await alice.call("PATCH", profile, {"title": "x" * 50, "status": "Deleted", "email": "a@b.c"}))
    assert (changed["title"], changed["status"], changed["email"]) == ("x" * 50, "Active", "alice@example.org")
    before = await snapshot(platform.database)
    for name in HOSTILE_NAMES:
        expect_error(await alice.call("PATCH", profile, {"firstName": name}), 400, "firstName")
        expect_error(await alice.call("PATCH", profile, {"lastName": name}), 400, "lastName")
    for title in ("x" * 51, "a\x00", "a\nb"):
        expect_error(await alice.call("PATCH", profile, {"title": title}), 400, "title")
    assert await snapshot(platform.database) == before
    project = AsgiClient(app, await project_key(platform))
    expect_error(await project.call("PATCH", profile, {"title": "x"}), 403)


async def test_who_may_change_whom(app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient) -> None:
    team = await add_someone(app, platform, Role.ACCOUNT_ADMIN, name="Tara")
    account = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS, name="Ada")
    elsewhere = await add_someone(app, platform, Role.DEVELOPER, team=SOUND, name="Sam")
    in_both = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,), name="Bea")
    owner = await add_someone(app, platform, Role.SYSTEM_OWNER, name="Otto")
    auditor = await add_someone(app, platform, Role.AUDITOR, name="Aud")
    above = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS, also_in=(VISION,), name="Adi")
    before = await snapshot(platform.database)

    async def refused(client: AsgiClient, user_id: str, status: int, *words: str, account_id: str = ACME) -> None:
        path = _path(user_id, account_id)
        for change in ({"firstName": "Other"}, {"status": "Inactive"}, {"visited": True}):
            expect_error(await client.call("PATCH", path, change), status, *words)
        if client is not alice:
            expect_error(await client.call("DELETE", path), status, *words)
            expect_error(await client.call("POST", f"{path}/invitation"), status, *words)
            expect_error(await client.call("POST", f"{path}/password-reset"), status, *words)

    await refused(alice, "user-bob", 403, "users:manage")
    await refused(alice, "user-olga", 404)
    await refused(alice, "user-charlie", 404)
    await refused(alice, "user-charlie", 404, account_id=OTHER)
    await refused(team.client, elsewhere.user_id, 404)
    await refused(team.client, in_both.user_id, 403, "other teams")
    await refused(team.client, owner.user_id, 403, "farther")
    await refused(team.client, auditor.user_id, 403, "farther")
    await refused(team.client, above.user_id, 403)
    await refused(team.client, "user-charlie", 404, account_id=OTHER)
    await refused(team.client, "user-bob", 404, account_id=OTHER)
    await refused(account.client, owner.user_id, 403, "farther")
    await refused(account.client, "user-olga", 403, "farther")
    await refused(account.client, "user-charlie", 404)
    await refused(account.client, "user-charlie", 404, account_id=OTHER)
    await refused(olga, "user-charlie", 404)
    assert await snapshot(platform.database) == before

    for client, user_id in ((team.client, "user-bob"), (account.client, in_both.user_id), (olga, owner.user_id)):
        assert expect(await client.call("PATCH", _path(user_id), {"visited": True}))["visited"] is True
    assert expect(await olga.call("PATCH", _path("user-charlie", OTHER), {"title": "Mr."}))["title"] == "Mr."


async def test_who_may_change_people_cannot_become_more(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    now = platform.clock.now()
    async with platform.database.write() as session:
        texts = {"name": "Receptionist", "description": "", "long_description": "", "weight": 1, "type": "user"}
        allowed = ["users:manage", "users:read", "teams:read"]
        dates = {"created_at": now, "updated_at": now}
        session.add(CustomRole(account_id=ACME, identifier="RECEPTION", permissions=allowed, **texts, **dates))
    reception = await add_someone(app, platform, "RECEPTION", name="Rita")
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN, name="Tara")

    expect_error(await reception.client.call("POST", f"{_path(administrator.user_id)}/password-reset"), 403, "farther")
    expect(await reception.client.call("POST", f"{_path('user-bob')}/password-reset"))
    invitation = {"firstName": "A", "lastName": "B", "email": "ab@example.org", "roles": ["ACCOUNT_ADMIN"]}
    users = f"/api/accounting/accounts/{ACME}/users"
    expect_error(await reception.client.call("POST", users, invitation), 403, "roles:assign")
    expect(await reception.client.call("POST", users, invitation | {"roles": None}), 201)


async def test_deactivating_ends_keys_and_sessions_for_good(
    app: FastAPI, platform: Platform, olga: AsgiClient, bob: AsgiClient
) -> None:
    await sign_in(platform, "user-bob")
    expect(await bob.call("GET", USERS))

    user = expect(await olga.call("PATCH", _path("user-bob"), {"status": "INACTIVE"}))

    assert (user["status"], user["activeAccessKeyCount"], user["listAccessKeys"][0]["status"]) == (
        "Inactive",
        0,
        "Inactive",
    )
    assert await sessions_of(platform, "user-bob") == []
    expect_error(await bob.call("GET", USERS), 401)
    assert expect(await olga.call("PATCH", _path("user-bob"), {"status": "Active"}))["status"] == "Active"
    expect_error(await bob.call("GET", USERS), 401)
    assert await keys_of(platform, "user-bob") == {"bobprefix": KeyStatus.INACTIVE}
    assert await audited(platform.database, "user/user-bob") == ["user:deactivated", "user:activated"]


async def test_deleting_is_final_and_frees_the_address(
    app: FastAPI, platform: Platform, olga: AsgiClient, bob: AsgiClient
) -> None:
    await sign_in(platform, "user-bob")
    async with platform.database.write() as session:
        values = {"password_hash": "x", "oidc_subject": "issuer subject"}
        await session.execute(update(User).where(User.id == "user-bob").values(**values))

    gone = expect(await olga.call("DELETE", _path("user-bob")))

    assert (gone["status"], gone["teams"], gone["listAccessKeys"], gone["activeAccessKeyCount"]) == (
        "Deleted",
        [],
        [],
        0,
    )
    row = await user_row(platform, "user-bob")
    assert (row.password_hash, row.oidc_subject) == (None, None)
    assert await keys_of(platform, "user-bob") == {"bobprefix": KeyStatus.DELETED}
    assert await sessions_of(platform, "user-bob") == []
    expect_error(await bob.call("GET", USERS), 401)
    assert "Bob" not in _names(expect(await olga.call("GET", USERS)))
    assert expect(await olga.call("GET", f"{USERS}/user-bob"))["status"] == "Deleted"
    expect_error(await olga.call("GET", f"{USERS}/bob@example.org"), 404)
    members = expect(await olga.call("GET", f"/api/accounting/teams/{VISION}/members"))
    assert [member["user"]["firstName"] for member in members] == ["Alice"]
    assert expect(await olga.call("GET", f"/api/accounting/teams/{VISION}"))["members"] == 1
    assert expect(await olga.call("DELETE", _path("user-bob")))["status"] == "Deleted"
    before = await snapshot(platform.database)
    for change in ({"status": "Active"}, {"firstName": "Bo"}, {"status": "Invited"}):
        expect_error(await olga.call("PATCH", _path("user-bob"), change), 409, "final")
    for link in ("invitation", "password-reset"):
        expect_error(await olga.call("POST", f"{_path('user-bob')}/{link}"), 409)
    expect_error(await olga.call("PUT", f"/api/accounting/teams/{SOUND}/members/user-bob"), 404)
    expect_error(await olga.call("PUT", f"/api/accounting/teams/{VISION}/members/user-bob"), 404)
    assert await snapshot(platform.database) == before

    again = {"firstName": "Bob", "lastName": "Again", "email": "bob@example.org"}
    new = expect(await olga.call("POST", f"/api/accounting/accounts/{ACME}/users", again), 201)
    assert new["identifier"] != "user-bob"
    assert expect(await olga.call("GET", f"{USERS}/bob@example.org"))["identifier"] == new["identifier"]


@pytest.mark.parametrize("change", [{"status": "Inactive"}, {"status": "Deleted"}])
async def test_jobs_of_people_who_go_are_canceled(
    alice: AsgiClient, olga: AsgiClient, walk: Walk, change: dict[str, str]
) -> None:
    job = await _submit(alice, walk)
    expect(await olga.call("PATCH", _path("user-alice"), change))

    assert expect(await olga.call("GET", f"/api/jobs/{job}"))["status"] == JobStatus.CANCELED


async def test_jobs_of_who_leaves_the_team_are_canceled(alice: AsgiClient, olga: AsgiClient, walk: Walk) -> None:
    job = await _submit(alice, walk)
    expect(await olga.call("DELETE", f"/api/accounting/teams/{VISION}/members/user-alice"))

    assert expect(await olga.call("GET", f"/api/jobs/{job}"))["status"] == JobStatus.CANCELED


async def test_states_that_cannot_follow(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    invited = await add_someone(app, platform, Role.DEVELOPER, status=UserStatus.INVITED)
    rejected = await add_someone(app, platform, Role.DEVELOPER, status=UserStatus.REJECTED)
    before = await snapshot(platform.database)

    for user, status in (
        (CAST.bob.user_id, "Invited"),
        (CAST.bob.user_id, "Rejected"),
        (rejected.user_id, "Active"),
        (rejected.user_id, "Inactive"),
    ):
        expect_error(await olga.call("PATCH", _path(user), {"firstName": "X", "status": status}), 409, "cannot become")
    for word in ("", "Sleeping", "\x00", "x" * 5000):
        expect_error(await olga.call("PATCH", _path("user-bob"), {"status": word}), 400, "status")
    bad: list[dict[str, Any]] = [{"status": 5}, {"visited": "perhaps"}, {"firstName": ["a"]}, {"title": {}}]
    for wrong in bad:
        expect_error(await olga.call("PATCH", _path("user-bob"), wrong), 400, next(iter(wrong)))
    assert await snapshot(platform.database) == before
    assert expect(await olga.call("PATCH", _path(invited.user_id), {"status": "rejected"}))["status"] == "Rejected"


LAST: list[tuple[str, str, Any]] = [
    ("PATCH", _path("user-olga"), {"status": "Inactive"}),
    ("PATCH", _path("user-olga"), {"status": "Deleted"}),
    ("DELETE", _path("user-olga"), None),
    ("PUT", f"/api/accounting/teams/{ADMINISTRATORS}/members/user-olga", {"roles": ["DATA_SCIENTIST"]}),
    ("DELETE", f"/api/accounting/teams/{ADMINISTRATORS}/members/user-olga", None),
    ("PUT", "/api/accounting/access-keys/olgaprefix/roles", {"roles": ["DATA_SCIENTIST"]}),
]


@pytest.mark.parametrize(("method", "path", "body"), LAST)
async def test_the_last_administrator_stays(
    app: FastAPI, platform: Platform, olga: AsgiClient, method: str, path: str, body: Any
) -> None:
    before = await snapshot(platform.database)
    expect_error(await olga.call(method, path, body), 409, "last active")
    assert await snapshot(platform.database) == before

    for status in (UserStatus.INVITED, UserStatus.INACTIVE):  # they cannot act, so they do not count
        await add_someone(app, platform, Role.ACCOUNT_ADMIN, Role.SYSTEM_OWNER, team=ADMINISTRATORS, status=status)
    await add_someone(app, platform, Role.ACCOUNT_ADMIN)  # of another team
    expect_error(await olga.call(method, path, body), 409, "last active")

    await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    expect_error(await olga.call(method, path, body), 409, "last active platform administrator")
    await add_someone(app, platform, Role.SYSTEM_OWNER, team=SOUND)
    expect(await olga.call(method, path, body))


async def test_an_account_without_administrators_can_be_helped(olga: AsgiClient) -> None:
    """Charlie's account never had one; that must not stop anybody."""
    expect(await olga.call("PATCH", _path("user-charlie", OTHER), {"status": "Inactive"}))
    expect(await olga.call("DELETE", _path("user-charlie", OTHER)))


async def test_a_project_key_is_no_person(app: FastAPI, platform: Platform) -> None:
    project = AsgiClient(app, await project_key(platform))
    owner = next(iter([user for user in await _all_users(platform) if user.first_name == "Some"]))

    expect_error(await project.call("PATCH", _path(owner.id), {"firstName": "Other"}), 404)
    expect_error(await project.call("GET", f"{USERS}/{owner.id}"), 404)
    expect_error(await project.upload(f"{USERS}/{owner.id}/picture", b"x"), 404)


async def _all_users(platform: Platform) -> list[User]:
    async with platform.database.read() as session:
        return list(await session.scalars(select(User)))


async def test_roles_in_other_teams_are_kept(app: FastAPI, platform: Platform) -> None:
    """A team's administrator sets roles of, and removes, somebody who is in other teams, too."""
    administrator: Someone = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    both = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))
    path = f"/api/accounting/teams/{VISION}/members/{both.user_id}"

    expect(await administrator.client.call("PUT", path, {"roles": ["DATA_SCIENTIST"]}))
    assert await memberships(platform, both.user_id) == {VISION: ["DATA_SCIENTIST"], SOUND: ["DEVELOPER"]}
    expect(await administrator.client.call("DELETE", path))
    assert await memberships(platform, both.user_id) == {SOUND: ["DEVELOPER"]}
