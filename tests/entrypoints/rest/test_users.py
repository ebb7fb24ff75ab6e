"""Lists of users over the API: who sees whom."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import event, update

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from tests.asgi import AsgiClient
from tests.entrypoints.rest.callers import project_key
from tests.entrypoints.rest.people import (
    ACME,
    ADMINISTRATORS,
    OTHER,
    SOUND,
    VISION,
    add_someone,
)
from tests.entrypoints.rest.steps import Walk, expect, expect_error

USERS = "/api/accounting/users"
GO_MEMBERS = {
    "identifier": str,
    "firstName": str,
    "lastName": str,
    "email": str,
    "status": str,
    "lastActiveDateTime": str,
    "visited": bool,
    "onboarded": bool,
}


def _path(user_id: str, account: str = ACME) -> str:
    return f"/api/accounting/accounts/{account}/users/{user_id}"


def _names(users: list[dict[str, Any]]) -> list[str]:
    return sorted(user["firstName"] for user in users)


async def test_a_user_on_the_wire(alice: AsgiClient, platform: Platform) -> None:
    async with platform.database.write() as session:
        await session.execute(update(User).where(User.id == "user-alice").values(title="Dr."))

    user = expect(await alice.call("GET", f"{USERS}/user-alice"))

    assert user.pop("lastActiveDateTime").endswith("+00:00")
    assert user == {
        "identifier": "user-alice",
        "externalIdentifier": "alice@example.org",
        "firstName": "Alice",
        "lastName": "Example",
        "title": "Dr.",
        "email": "alice@example.org",
        "status": "Active",
        "source": "local",
        "createdAt": "2026-01-02T03:04:05.678+00:00",
        "updatedAt": "2026-01-02T03:04:05.678+00:00",
        "visited": False,
        "onboarded": False,
        "activeAccessKeyCount": 1,
        "listAccessKeys": [
            {
                "prefix": "aliceprefix",
                "name": "Alice Example",
                "status": "Active",
                "isDefault": True,
                "team": {"identifier": VISION, "name": VISION},
            }
        ],
        "account": {"identifier": ACME, "name": "acme"},
        "teams": [{"identifier": VISION, "name": VISION, "roles": ["DATA_SCIENTIST"]}],
        "submittedJobs": 0,
    }


async def test_what_the_go_client_reads_is_always_there(olga: AsgiClient, app: FastAPI, platform: Platform) -> None:
    await add_someone(app, platform, Role.DEVELOPER, status=UserStatus.INVITED)

    for user in expect(await olga.call("GET", f"{USERS}?page=1&per-page=1000")):
        assert {name: type(user[name]) for name in GO_MEMBERS} == GO_MEMBERS
        assert user["lastActiveDateTime"][-6:] == user["createdAt"][-6:] == "+00:00"
        assert None not in user.values()


async def test_who_sees_whom(app: FastAPI, platform: Platform, alice: AsgiClient, olga: AsgiClient) -> None:
    sound = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=SOUND, name="Sam")
    account = await add_someone(app, platform, Role.ACCOUNT_ADMIN, team=ADMINISTRATORS, name="Ada")
    auditor = await add_someone(app, platform, Role.AUDITOR, team=SOUND, name="Aud")
    await add_someone(app, platform, Role.DEVELOPER, team=SOUND, also_in=(VISION,), name="Bea")
    project = AsgiClient(app, await project_key(platform))
    own = ["Ada", "Alice", "Aud", "Bea", "Bob", "Olga", "Sam", "Some"]

    async def seen(client: AsgiClient) -> list[str]:
        return _names(expect(await client.call("GET", USERS)))

    assert await seen(alice) == ["Alice", "Bea", "Bob", "Some"]
    assert await seen(sound.client) == ["Aud", "Bea", "Sam"]
    assert await seen(account.client) == own
    assert await seen(olga) == await seen(auditor.client) == sorted([*own, "Charlie"])
    assert await seen(project) == []


async def test_one_user_by_identifier_or_address(alice: AsgiClient, olga: AsgiClient, charlie: AsgiClient) -> None:
    for name in ("user-bob", "bob@example.org", "BOB@Example.Org", "%20bob@example.org"):
        assert expect(await alice.call("GET", f"{USERS}/{name}"))["firstName"] == "Bob"
        expect_error(await charlie.call("GET", f"{USERS}/{name}"), 404)
    for name in (
        "user-charlie",
        "charlie@example.org",
        "user-olga",
        "nobody",
        "%00",
        "x" * 5000,
        "%25",
        "_ob@example.org",
    ):
        expect_error(await alice.call("GET", f"{USERS}/{name}"), 404, "no user")
    assert expect(await olga.call("GET", f"{USERS}/user-charlie"))["account"]["identifier"] == OTHER


async def test_searching_for_several(alice: AsgiClient, olga: AsgiClient) -> None:
    wanted = {"identifiers": ["BOB@example.org", "user-alice", "charlie@example.org", "nobody", "", "user-alice"]}

    assert _names(expect(await alice.call("POST", f"{USERS}/search", wanted))) == ["Alice", "Bob"]
    assert _names(expect(await olga.call("POST", f"{USERS}/search", wanted))) == ["Alice", "Bob", "Charlie"]
    assert expect(await alice.call("POST", f"{USERS}/search", {"identifiers": []})) == []
    expect_error(await alice.call("POST", f"{USERS}/search", {"identifiers": ["x"] * 1001}), 400, "1000")
    expect_error(await alice.call("POST", f"{USERS}/search", {"identifiers": "user-bob"}), 400, "identifiers")


async def test_filters(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    percy = await add_someone(app, platform, Role.DEVELOPER, team=SOUND, name="Per%cy", status=UserStatus.INVITED)
    gone = await add_someone(app, platform, Role.DEVELOPER, team=SOUND, name="Gone")
    expect(await olga.call("DELETE", _path(gone.user_id)))

    async def found(query: str) -> list[str]:
        return _names(expect(await olga.call("GET", f"{USERS}?{query}")))

    everybody = ["Alice", "Bob", "Charlie", "Olga", "Per%cy"]
    assert await found("firstName=aLi") == ["Alice"]
    assert await found("firstName=ali,bob") == ["Alice", "Bob"]
    assert await found("firstName=a;l;e") == ["Alice", "Charlie"]
    assert await found("firstName=%25") == ["Per%cy"]
    assert await found("lastName=example&email=bob@") == ["Bob"]
    assert await found("search=bob%20exa") == ["Bob"]
    assert await found("search=EXAMPLE.ORG") == everybody
    assert await found("status=invited") == ["Per%cy"]
    assert await found("status=Invited,Deleted") == ["Gone", "Per%cy"]
    assert await found("status=ALL") == ["Alice", "Bob", "Charlie", "Gone", "Olga", "Per%cy"]
    assert await found("status=2026-01-02T03:04:05.678%2B0000") == []
    assert await found("accessKey=BOBPRE") == ["Bob"]
    assert await found(f"accessKey={percy.prefix}") == ["Per%cy"]
    assert await found(f"team={VISION}") == ["Alice", "Bob"]
    assert await found("role=SYSTEM_OWNER") == ["Olga"]
    assert await found("role=DEVELOPER") == ["Per%cy"]
    assert await found("startDate=2026-01-02&endDate=2026-01-03") == ["Alice", "Bob", "Charlie", "Olga"]
    assert await found("startDate=2026-01-03&searchDate=createdAt") == ["Per%cy"]
    assert await found("searchDate=nonsense&unknown=1") == everybody
    assert await found("firstName=undefined&status=null&search=&startDate=undefined") == everybody
    assert await found("search=%27%20OR%201=1--") == []
    expect_error(await olga.call("GET", f"{USERS}?startDate=soon"), 400, "startDate")


async def test_order_and_pages(olga: AsgiClient) -> None:
    pages = []
    for number in (1, 2, 3):
        query = f"page={number}&per-page=2&sort-by=lastName,firstName&direction=desc"
        answer = await olga.call("GET", f"{USERS}?{query}")
        pages.append(([user["firstName"] for user in expect(answer)], "link" in answer.headers))

    assert pages == [(["Olga", "Charlie"], True), (["Bob", "Alice"], False), ([], False)]
    unknown = await olga.call("GET", f"{USERS}?sort-by=lastName,password_hash,nothing")
    expect_error(unknown, 400, "cannot be sorted by 'password_hash', 'nothing'; it can by identifier, ")


async def test_lists_cost_as_much_for_many(app: FastAPI, platform: Platform, olga: AsgiClient) -> None:
    statements: list[str] = []
    event.listen(
        platform.database.engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )

    async def cost() -> int:
        statements.clear()
        expect(await olga.call("GET", USERS))
        lists = [statement for statement in statements if "EXISTS" not in statement]  # who asks, and upkeep
        return sum("FROM users" in statement or "FROM memberships" in statement for statement in lists)

    few = await cost()
    for _ in range(10):
        await add_someone(app, platform, Role.DEVELOPER, also_in=(SOUND,))
    assert await cost() == few


async def test_jobs_are_counted(alice: AsgiClient, walk: Walk) -> None:
    await _submit(alice, walk)
    await _submit(alice, walk)

    counts = {user["firstName"]: user["submittedJobs"] for user in expect(await alice.call("GET", USERS))}
    assert counts == {"Alice": 2, "Bob": 0}


async def _submit(client: AsgiClient, walk: Walk) -> str:
    model = {"identifier": await walk.active(), "version": "0.1.0"}
    body = {"model": model, "input": {"type": "text", "sources": {"a": {"input.txt": "x"}}}}
    return str(expect(await client.call("POST", "/api/jobs", body), 202)["jobIdentifier"])
