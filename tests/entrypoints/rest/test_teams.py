"""Teams and members over the API: who may do what, and what comes of it."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import ProjectStatus
from modelyard.domain.accounts.tables import Project
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import project_key
from tests.entrypoints.rest.people import (
    ACME,
    ADMINISTRATORS,
    OTHER,
    SOUND,
    VISION,
    add_someone,
    keys_of,
    memberships,
    sessions_of,
    sign_in,
)
from tests.entrypoints.rest.steps import expect, expect_error, snapshot
from tests.library import add_model, audited

TEAMS = "/api/accounting/teams"
HOSTILE_NAMES = ["", "   ", "a\x00b", "a\nb", "\x1b[31mred", "\u202eabc", "\u200b", "\u200d", "x" * 201, "\ufeff"]


def _ids(teams: list[dict[str, Any]]) -> list[str]:
    return sorted(team["identifier"] for team in teams)


async def test_a_team_on_the_wire(olga: AsgiClient, app: FastAPI, platform: Platform) -> None:
    team = expect(await olga.call("GET", f"{TEAMS}/{VISION}"))

    assert team == {
        "identifier": VISION,
        "name": VISION,
        "isAdmin": False,
        "account": {"identifier": ACME, "name": "acme"},
        "members": 2,
        "createdAt": "2026-01-02T03:04:05.678+00:00",
        "updatedAt": "2026-01-02T03:04:05.678+00:00",
    }


async def test_who_sees_which_teams(app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient) -> None:
    in_two = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    auditor = await add_someone(app, platform, Role.AUDITOR)
    project = AsgiClient(app, await project_key(platform))

    async def seen(client: AsgiClient) -> list[str]:
        return _ids(expect(await client.call("GET", TEAMS)))

    assert await seen(alice) == [VISION]
    assert await seen(in_two.client) == [SOUND, VISION]
    assert await seen(administrator.client) == [ADMINISTRATORS, SOUND, VISION]
    assert await seen(olga) == [ADMINISTRATORS, SOUND, "team-strangers", VISION]
    assert await seen(auditor.client) == [ADMINISTRATORS, SOUND, "team-strangers", VISION]
    assert await seen(project) == [VISION]


async def test_pages_order_and_search(olga: AsgiClient, app: FastAPI) -> None:
    for number in range(5):
        expect(await olga.call("POST", TEAMS, {"name": f"Group {number}"}), 201)

    first = await olga.call("GET", f"{TEAMS}?search=group&page=1&per-page=3&sort-by=name&direction=DESC")
    last = await olga.call("GET", f"{TEAMS}?search=group&page=2&per-page=3&sort-by=name&direction=DESC")

    assert [team["name"] for team in first.json + last.json] == [f"Group {number}" for number in (4, 3, 2, 1, 0)]
    assert "page=2" in first.headers["link"]
    assert "link" not in last.headers
    assert expect(await olga.call("GET", f"{TEAMS}?search=%25")) == []


async def test_creating_and_renaming(olga: AsgiClient, platform: Platform) -> None:
    team = expect(await olga.call("POST", TEAMS, {"name": "  Ubersetzer\u0308   und <b>Co</b>  "}), 201)
    path = f"{TEAMS}/{team['identifier']}"

    assert (team["name"], team["members"], team["account"]["identifier"]) == ("Ubersetzer\u0308 und <b>Co</b>", 0, ACME)
    assert expect(await olga.call("PATCH", path, {"name": "Translators"}))["name"] == "Translators"
    assert expect(await olga.call("PATCH", path, {"name": None}))["name"] == "Translators"
    assert expect(await olga.call("PATCH", path, {"name": "TRANSLATORS"}))["name"] == "TRANSLATORS"
    assert await audited(platform.database, f"team/{team['identifier']}") == [
        "team:created",
        "team:changed",
        "team:changed",
    ]


async def test_names_that_nobody_can_read(olga: AsgiClient, platform: Platform) -> None:
    before = await snapshot(platform.database)
    for name in HOSTILE_NAMES:
        expect_error(await olga.call("POST", TEAMS, {"name": name}), 400, "name")
        expect_error(await olga.call("PATCH", f"{TEAMS}/{VISION}", {"name": name}), 400, "name")
    for body in ({}, {"name": 5}, {"name": None}, {"name": "a", "account": "x" * 37}):
        expect_error(await olga.call("POST", TEAMS, body), 400)
    assert await snapshot(platform.database) == before


async def test_a_name_is_taken_once_in_an_account(olga: AsgiClient, platform: Platform) -> None:
    sound = expect(await olga.call("POST", TEAMS, {"name": "Sound"}), 201)
    before = await snapshot(platform.database)

    expect_error(await olga.call("POST", TEAMS, {"name": "SOUND"}), 409, "already")
    expect_error(await olga.call("PATCH", f"{TEAMS}/{VISION}", {"name": "sound "}), 409, "already")
    assert await snapshot(platform.database) == before
    expect(await olga.call("POST", TEAMS, {"name": "Sound", "account": OTHER}), 201)
    expect(await olga.call("DELETE", f"{TEAMS}/{sound['identifier']}"))
    expect(await olga.call("POST", TEAMS, {"name": "Sound"}), 201)


async def test_who_may_create_and_delete(app: FastAPI, platform: Platform, alice: AsgiClient) -> None:
    of_team = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    of_account = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    await add_someone(app, platform, Role.DEVELOPER, team=SOUND)
    before = await snapshot(platform.database)

    expect_error(await alice.call("POST", TEAMS, {"name": "Mine"}), 403, "teams:manage")
    expect_error(await of_team.client.call("POST", TEAMS, {"name": "Mine"}), 403, "admin team")
    expect_error(await of_team.client.call("DELETE", f"{TEAMS}/{VISION}"), 403, "admin team")
    expect_error(await of_team.client.call("DELETE", f"{TEAMS}/{SOUND}"), 404)
    expect_error(await of_team.client.call("PATCH", f"{TEAMS}/{SOUND}", {"name": "Mine"}), 404)
    expect_error(await of_account.client.call("POST", TEAMS, {"name": "Mine", "account": OTHER}), 404)
    expect_error(await of_account.client.call("DELETE", f"{TEAMS}/team-strangers"), 404)
    expect_error(await of_account.client.call("PATCH", f"{TEAMS}/team-strangers", {"name": "Mine"}), 404)
    assert await snapshot(platform.database) == before
    expect(await of_team.client.call("PATCH", f"{TEAMS}/{VISION}", {"name": "Ours"}))
    expect(await of_account.client.call("DELETE", f"{TEAMS}/{SOUND}"))


async def test_a_member_of_two_teams_administers_only_the_one_they_act_for(app: FastAPI, platform: Platform) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN, also_in=(SOUND,))

    expect(await administrator.client.call("GET", f"{TEAMS}/{SOUND}"))
    expect_error(await administrator.client.call("PATCH", f"{TEAMS}/{SOUND}", {"name": "Mine"}), 403, "administer")


async def test_deleting_ends_keys_and_sessions(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    developer = await add_someone(app, platform, Role.DEVELOPER, team=SOUND, also_in=(VISION,))
    await sign_in(platform, developer.user_id, SOUND)
    await sign_in(platform, developer.user_id, VISION)
    expect(await developer.client.call("GET", TEAMS))

    expect(await olga.call("DELETE", f"{TEAMS}/{SOUND}"))

    expect_error(await developer.client.call("GET", TEAMS), 401)
    assert (await keys_of(platform, developer.user_id))[developer.prefix] == KeyStatus.DELETED
    assert list(await memberships(platform, developer.user_id)) == [VISION]
    assert await sessions_of(platform, developer.user_id) == [VISION]
    expect_error(await olga.call("GET", f"{TEAMS}/{SOUND}"), 404)
    expect_error(await olga.call("DELETE", f"{TEAMS}/{SOUND}"), 404)
    assert SOUND not in _ids(expect(await olga.call("GET", TEAMS)))


async def test_a_team_that_owns_models_stays(olga: AsgiClient, platform: Platform) -> None:
    models = [await add_model(platform.database, CAST.alice, name=f"echo {number:02}") for number in range(12)]
    before = await snapshot(platform.database)

    message = expect_error(await olga.call("DELETE", f"{TEAMS}/{VISION}"), 409, "echo 00", models[0], "2 more")

    assert "echo 11" not in message
    assert await snapshot(platform.database) == before


async def test_a_team_that_owns_projects_stays(olga: AsgiClient, platform: Platform) -> None:
    await project_key(platform)
    expect_error(await olga.call("DELETE", f"{TEAMS}/{VISION}"), 409, "A project")

    async with platform.database.write() as session:
        await session.execute(update(Project).values(status=ProjectStatus.DELETED))
    expect(await olga.call("DELETE", f"{TEAMS}/{VISION}"))


async def test_the_admin_team_stays(olga: AsgiClient) -> None:
    expect_error(await olga.call("DELETE", f"{TEAMS}/{ADMINISTRATORS}"), 409, "admin team")


async def test_members_on_the_wire(alice: AsgiClient, charlie: AsgiClient, app: FastAPI, platform: Platform) -> None:
    members = expect(await alice.call("GET", f"{TEAMS}/{VISION}/members"))

    assert members[0] == {
        "user": {
            "identifier": "user-alice",
            "firstName": "Alice",
            "lastName": "Example",
            "email": "alice@example.org",
            "status": "Active",
        },
        "roles": ["DATA_SCIENTIST"],
        "accessKey": "aliceprefix",
        "joinedAt": "2026-01-02T03:04:05.678+00:00",
    }
    assert len(members) == 2
    expect_error(await charlie.call("GET", f"{TEAMS}/{VISION}/members"), 404)
    project = AsgiClient(app, await project_key(platform))
    assert expect(await project.call("GET", f"{TEAMS}/{VISION}/members")) == []


async def test_adding_a_member_makes_a_key(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    person = await add_someone(app, platform, Role.DEVELOPER, team=SOUND)
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN)

    added = expect(await administrator.client.call("PUT", f"{TEAMS}/{VISION}/members/{person.email.upper()}"))

    assert (added["user"]["identifier"], added["roles"]) == (person.user_id, ["DEVELOPER"])
    assert added["accessKey"] != person.prefix
    assert set((await keys_of(platform, person.user_id)).values()) == {KeyStatus.ACTIVE}
    path = f"{TEAMS}/{VISION}/members/{person.user_id}"
    changed = expect(await olga.call("PUT", path, {"roles": ["DATA_SCIENTIST", "DATA_SCIENTIST", "DEVELOPER"]}))
    assert (changed["roles"], changed["accessKey"]) == (["DATA_SCIENTIST", "DEVELOPER"], added["accessKey"])
    assert expect(await olga.call("PUT", path, {"roles": None}))["roles"] == ["DATA_SCIENTIST", "DEVELOPER"]
    assert (await memberships(platform, person.user_id))[SOUND] == ["DEVELOPER"]
    assert await audited(platform.database, f"team/{VISION}") == ["team:member:added", "team:member:changed"]


async def test_members_who_cannot_be_set(app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    of_sound = await add_someone(app, platform, Role.DEVELOPER, team=SOUND)
    members = f"{TEAMS}/{VISION}/members"
    before = await snapshot(platform.database)

    expect_error(await alice.call("PUT", f"{members}/user-bob"), 403, "teams:manage")
    expect_error(await administrator.client.call("PUT", f"{members}/user-charlie"), 404)
    expect_error(await olga.call("PUT", f"{members}/user-charlie"), 404)
    expect_error(await administrator.client.call("PUT", f"{members}/nobody@example.org"), 404)
    expect_error(await administrator.client.call("PUT", f"{TEAMS}/{SOUND}/members/user-bob"), 404)
    expect_error(await administrator.client.call("PUT", f"{members}/user-olga"), 403, "farther")
    owner = {"roles": [Role.SYSTEM_OWNER]}
    expect_error(await administrator.client.call("PUT", f"{members}/user-bob", owner), 403, "SYSTEM_OWNER")
    auditor = {"roles": [Role.AUDITOR]}
    expect_error(await administrator.client.call("PUT", f"{members}/{of_sound.user_id}", auditor), 403, "AUDITOR")
    more = {"roles": [Role.ACCOUNT_ADMIN, Role.DATA_SCIENTIST]}
    myself = f"{members}/{administrator.user_id}"
    expect_error(await administrator.client.call("PUT", myself, more), 403, "yourself")
    for roles in ([], ["PROJECT"], ["data_scientist"], ["x" * 5000], ["a\x00"], ["DEVELOPER"] * 101):
        expect_error(await olga.call("PUT", f"{members}/user-bob", {"roles": roles}), 400)
    expect_error(await olga.call("PUT", f"{members}/user-bob", {"roles": "DEVELOPER"}), 400, "roles")
    assert await snapshot(platform.database) == before


async def test_a_removed_member_loses_the_key_and_the_session(app: FastAPI, platform: Platform) -> None:
    person = await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    await sign_in(platform, person.user_id, VISION)
    await sign_in(platform, person.user_id, SOUND)
    path = f"{TEAMS}/{VISION}/members/{person.user_id}"
    expect(await person.client.call("GET", TEAMS))

    expect(await administrator.client.call("DELETE", path))

    expect_error(await person.client.call("GET", TEAMS), 401)
    assert sorted((await keys_of(platform, person.user_id)).values()) == [KeyStatus.ACTIVE, KeyStatus.DELETED]
    assert await memberships(platform, person.user_id) == {SOUND: ["DEVELOPER"]}
    assert await sessions_of(platform, person.user_id) == [SOUND]
    expect_error(await administrator.client.call("DELETE", path), 404, "no member")

    again = expect(await administrator.client.call("PUT", path))
    assert again["accessKey"] != person.prefix
    assert (await keys_of(platform, person.user_id))[person.prefix] == KeyStatus.DELETED
    assert len(expect(await administrator.client.call("GET", f"{TEAMS}/{VISION}/members"))) == 4


async def test_members_who_cannot_be_removed(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    administrator = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    owner = await add_someone(app, platform, Role.SYSTEM_OWNER)
    before = await snapshot(platform.database)

    members = f"{TEAMS}/{VISION}/members"
    expect_error(await administrator.client.call("DELETE", f"{members}/{owner.user_id}"), 403, "farther")
    expect_error(await administrator.client.call("DELETE", f"{members}/nobody"), 404)
    expect_error(await administrator.client.call("DELETE", f"{TEAMS}/{ADMINISTRATORS}/members/user-olga"), 404)
    last = f"{TEAMS}/{ADMINISTRATORS}/members/user-olga"
    expect_error(await olga.call("DELETE", last), 409, "last active administrator")
    expect_error(await olga.call("PUT", last, {"roles": ["SYSTEM_OWNER", "DATA_SCIENTIST"]}), 409, "last active")
    assert await snapshot(platform.database) == before


async def test_the_last_platform_administrator_stays_one(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS)
    last = f"{TEAMS}/{ADMINISTRATORS}/members/user-olga"

    expect_error(await olga.call("DELETE", last), 409, "last active platform administrator")
    expect_error(await olga.call("PUT", last, {"roles": ["ACCOUNT_ADMIN"]}), 409, "platform administrator")

    await add_someone(app, platform, Role.SYSTEM_OWNER, team=SOUND)
    expect(await olga.call("PUT", last, {"roles": ["SYSTEM_OWNER"]}))


async def test_a_team_with_the_last_platform_administrator_stays(app: FastAPI, platform: Platform) -> None:
    owner = await add_someone(app, platform, Role.SYSTEM_OWNER, team=SOUND)
    expect(await owner.client.call("PUT", f"{TEAMS}/{ADMINISTRATORS}/members/user-olga", {"roles": ["ACCOUNT_ADMIN"]}))

    expect_error(await owner.client.call("DELETE", f"{TEAMS}/{SOUND}"), 409, "last active platform administrator")
    expect(await owner.client.call("GET", f"{TEAMS}/{SOUND}"))


async def test_unknown_teams(olga: AsgiClient) -> None:
    for name in ("x", "A" * 5000, "%00", "..%2f", new_uuid()):
        expect_error(await olga.call("GET", f"{TEAMS}/{name}"), 404)
        expect_error(await olga.call("GET", f"{TEAMS}/{name}/members"), 404)
        expect_error(await olga.call("PUT", f"{TEAMS}/{VISION}/members/{name}"), 404)
        expect_error(await olga.call("DELETE", f"{TEAMS}/{VISION}/members/{name}"), 404)
