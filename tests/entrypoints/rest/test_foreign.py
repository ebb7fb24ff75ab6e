"""What belongs to Alice's team does not exist for strangers: on no route, with whatever rights they have at home."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from modelyard.app import Platform
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import PERMISSIONS, Role
from modelyard.domain.accounts.tables import Quota, SignedInSession, Team
from modelyard.domain.jobs.tables import JobItem
from modelyard.entrypoints.rest.route_permissions import ROUTES, Open
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.callers import SOUND, Headers, Person, key_with, session_of
from tests.entrypoints.rest.steps import add_engine, expect, snapshot
from tests.library import add_active

ALICE = CAST.alice
HOME_ROLES = [Role.ACCOUNT_ADMIN, Role.DATA_SCIENTIST, Role.DEVELOPER]
"""Everything that a stranger can be without administering the installation."""
ENGINE = "model-batch-secret"
NAMED_BY_ANYBODY = {"tag_ids", "address", "token", "metric", "alert_type", "guide"}
"""Parts of public addresses: words, or secrets in themselves."""

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/api/models/{model_id}/versions"): {"version": "0.2.0"},
    ("PATCH", "/api/models/{model_id}/visibility"): {"scope": "ALL"},
    ("POST", "/api/models/{model_id}/versions/{version}/container-image"): {"registry": {"url": "a/b:1"}},
    ("POST", "/api/models/{model_id}/versions/{version}/clone"): {"version": "0.3.0"},
    ("POST", "/api/models/{model_id}/versions/{version}/approvals"): {"decision": "approved"},
    ("PUT", "/api/models/{model_id}/snapshot-image"): [],
    ("PUT", "/api/models/{model_id}/versions/{version}/card"): {"caveats": "None at all"},
    ("PUT", "/api/accounting/accounts/{account}/card-schema"): {"required": ["caveats"]},
    ("PATCH", "/api/accounting/teams/{team}"): {"name": "Ours now"},
    ("PUT", "/api/accounting/teams/{team}/members/{user}"): {"roles": ["DEVELOPER"]},
    ("PATCH", "/api/accounting/access-keys/{prefix}"): {"status": "Inactive"},
    ("PUT", "/api/accounting/access-keys/{prefix}/roles"): {"roles": ["DEVELOPER"]},
    ("POST", "/api/accounting/projects/{project}/access-keys"): {"name": "Another"},
    ("PATCH", "/api/accounting/quotas/{quota_id}"): {"quota": 1_000_000},
    ("PATCH", "/api/accounting/accounts/{account}/users/{user}"): {"firstName": "Somebody"},
    ("POST", "/api/accounting/accounts/{account}/users"): {
        "firstName": "New",
        "lastName": "Person",
        "email": "new@example.org",
    },
}
"""What is sent; nothing at all where nothing is needed."""
FOR_THE_ADMIN_TEAM = {
    ("PUT", "/api/accounting/accounts/{account}/card-schema"),
    ("DELETE", "/api/accounting/accounts/{account}/card-schema"),
}
SHARED_IN_THE_ACCOUNT = {
    ("GET", "/api/accounting/accounts/{account}"),
    ("GET", "/api/accounting/accounts/{account}/logo"),
    ("GET", "/api/accounting/roles/{role}"),
    ("GET", "/people/accounts/{account}"),
    ("GET", "/people/roles/{role}"),
}


SEEN_IN_THE_ACCOUNT = {
    ("POST", "/api/accounting/accounts/{account}/logo"),
    ("DELETE", "/api/accounting/accounts/{account}/logo"),
}
"""Things that all in the account see, and only its administrators change."""


async def _things_of_alice(platform: Platform, alice: AsgiClient, olga: AsgiClient) -> dict[str, str]:
    """One of everything that an address can name, by the name that it has in the paths of routes."""
    # It may have no engines, so that nothing becomes of the job while it is looked at.
    model_id = await add_active(platform.database, ALICE, maximum_engines=0)
    job = expect(
        await alice.call(
            "POST",
            "/api/jobs",
            {
                "model": {"identifier": model_id, "version": "0.1.0"},
                "input": {"type": "text", "sources": {"only": {"input.txt": "secret words"}}},
            },
        ),
        202,
    )
    project = expect(await alice.call("POST", "/api/accounting/projects", {"name": "Secret project"}), 201)
    quota = {"user": ALICE.user_id, "period": "daily", "quota": 1000}
    made = expect(await olga.call("POST", "/api/accounting/quotas", quota), 201)
    role = {
        "identifier": "SECRET_ROLE",
        "name": "Secret role",
        "description": "",
        "type": "user",
        "entitlements": ["jobs:read"],
    }
    expect(await olga.call("POST", "/api/accounting/roles", role), 201)
    await session_of(platform, [Role.DEVELOPER])
    await add_engine(platform.database, ENGINE)
    async with platform.database.read() as session:
        session_id = (await session.scalars(select(SignedInSession.id))).one()
        assert (await session.scalars(select(Quota.id))).one() == made["identifier"]
        assert (await session.scalars(select(JobItem.name))).one() == "only"
    return {
        "model_id": model_id,
        "permalink": f"{model_id}-acme-echo",
        "version": "0.1.0",
        "other": "0.1.0",
        "revision": "0",
        "job_id": job["jobIdentifier"],
        "item_name": "only",
        "engine": ENGINE,
        "output_name": "results.json",
        "input_name": "input.txt",
        "account": ALICE.account_id,
        "team": ALICE.team_id,
        "user": ALICE.user_id,
        "email": ALICE.email,
        "prefix": ALICE.key_prefix,
        "project": project["identifier"],
        "quota_id": made["identifier"],
        "role": "SECRET_ROLE",
        "preset": "1",
        "session_id": session_id,
        "picture": "0" * 32,
        "tag": "image",
        "panel": "name",
        "position": "0",
    }


def _fill(path: str, things: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)(?::path)?\}", lambda match: things[match[1]], path)


async def _stored(platform: Platform) -> dict[str, list[Any]]:
    """Everything but what the background does meanwhile: engines for the job, times of use."""
    tables = await snapshot(platform.database)
    return {name: rows for name, rows in tables.items() if name not in {"engines", "api_keys", "users", "sessions"}}


INVITING = ("POST", "/api/accounting/accounts/{account}/users")
"""Administrators of every team invite people into the account that they share."""


def _routes_to_things(who: str) -> Iterator[tuple[str, str]]:
    for (method, path), rule in ROUTES.items():
        if who == "another team" and (method, path) == INVITING:
            continue
        names = set(re.findall(r"\{(\w+)", path))
        if names and not names & NAMED_BY_ANYBODY and rule is not Open.PUBLIC:
            yield method, path


async def _strangers(platform: Platform) -> dict[str, Headers]:
    """An administrator of another account's admin team, and one of another team of the same account."""
    other_account = Person(CAST.charlie.account_id, "team-strange-administrators")
    headers = await key_with(platform, list(HOME_ROLES), other_account)
    async with platform.database.write() as session:
        (await session.get_one(Team, other_account.team)).is_admin = True
    return {"another account": headers, "another team": await key_with(platform, list(HOME_ROLES), SOUND)}


@pytest.fixture
async def things(platform: Platform, alice: AsgiClient, olga: AsgiClient) -> dict[str, str]:
    return await _things_of_alice(platform, alice, olga)


@pytest.mark.parametrize("who", ["another account", "another team"])
async def test_things_of_others_are_not_found(
    app: FastAPI, platform: Platform, things: dict[str, str], who: str
) -> None:
    stranger = AsgiClient(app, (await _strangers(platform))[who])
    before = await _stored(platform)
    wrong = []

    for method, path in _routes_to_things(who):
        body = BODIES.get((method, path), {} if method == "PATCH" else None)
        answer = await stranger.call(method, _fill(path, things), body)
        if answer.status != _expected(who, method, path) and answer.body != b"[]":
            wrong.append(f"{method} {path}: {answer.status} {answer.body[:160]!r}")

    assert wrong == []
    assert await _stored(platform) == before


def _expected(who: str, method: str, path: str) -> int:
    rule = ROUTES[method, path]
    if who == "another team" and (method, path) in SHARED_IN_THE_ACCOUNT:
        return 200
    if who == "another team" and (method, path) in SEEN_IN_THE_ACCOUNT:
        return 403
    if who == "another team" and (method, path) in FOR_THE_ADMIN_TEAM:
        return 403  # they see the account, and administer none but their team
    if isinstance(rule, Permission) and not any(rule in PERMISSIONS[role] for role in HOME_ROLES):
        return 403  # what strangers may not do at home either
    return 403 if rule is Open.SIGNED_IN else 404


@pytest.mark.parametrize("who", ["another account", "another team"])
async def test_lists_show_nothing_of_others(app: FastAPI, platform: Platform, things: dict[str, str], who: str) -> None:
    stranger = AsgiClient(app, (await _strangers(platform))[who])
    secrets = {
        name: text
        for name, text in things.items()
        if name in {"model_id", "job_id", "team", "user", "email", "prefix", "project", "quota_id", "session_id"}
    }
    if who == "another team":  # administrators of the account made the role for all of its teams
        assert "SECRET_ROLE" in (await stranger.call("GET", "/api/accounting/roles")).body.decode()
    else:
        secrets |= {"role": things["role"], "account": things["account"]}
    shown = []

    for (method, path), rule in ROUTES.items():
        if method == "GET" and "{" not in path and rule is not Open.SIGNED_IN:
            body = (await stranger.call("GET", path)).body.decode()
            shown += [f"{path} shows the {name}" for name, text in secrets.items() if json.dumps(text)[1:-1] in body]

    assert shown == []
