"""Every route with every kind of caller: what happens is what the tables say."""

import re

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from modelyard.app import Platform
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.roles import PERMISSIONS, Role
from modelyard.entrypoints.rest.app import ROUTERS
from modelyard.entrypoints.rest.requests import GuardedRoute
from modelyard.entrypoints.rest.route_permissions import ROUTES, Open, Rule
from tests.asgi import Answer, AsgiClient
from tests.entrypoints.rest.callers import VISION, Headers, key_with, project_key, session_of, stopped_keys

NOTHING = {"version": "9.9.9", "job_id": "00000000-0000-4000-8000-000000000000"}
"""What no row has; other parts of an address are the word `nothing`."""
ENDS_THE_SESSION = {("POST", "/auth/sign-out"), ("POST", "/sign-out"), ("DELETE", "/auth/sessions")}
USER_ROLES = [role for role in Role if role != Role.PROJECT]
OUTSIDE_THE_TABLE = {"/api/openapi.json", "/api/docs", "/static", "/"}
"""Served to everybody: what describes the API."""


def _address(path: str) -> str:
    return re.sub(r"\{(\w+)(?::path)?\}", lambda match: NOTHING.get(match[1], "nothing"), path)


async def _call(app: FastAPI, headers: Headers, method: str, path: str) -> Answer:
    return await AsgiClient(app, headers).call(method, _address(path))


def _leads_to_sign_in(answer: Answer) -> bool:
    """What a page does with somebody who is not known."""
    return answer.status == 303 and answer.headers.get("location", "").startswith("/sign-in?next=")


def _may(rule: Rule, role: Role, *, signed_in: bool = False) -> bool:
    if isinstance(rule, Permission):
        return rule in PERMISSIONS[role]
    return rule is not Open.SIGNED_IN or signed_in


async def _surprises(app: FastAPI, headers: Headers, role: Role, *, signed_in: bool = False) -> list[str]:
    """Routes that let in whom they should not, or keep out whom they should let in."""
    surprises = []
    for (method, path), rule in ROUTES.items():
        if signed_in and (method, path) in ENDS_THE_SESSION:
            continue
        answer = await _call(app, headers, method, path)
        is_refused = answer.status == 403
        if answer.status == 401 and rule is not Open.PUBLIC:
            surprises.append(f"{method} {path}: 401")
        elif is_refused == _may(rule, role, signed_in=signed_in) or answer.status == 500:
            surprises.append(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
    return surprises


@pytest.mark.parametrize("role", USER_ROLES)
async def test_a_key_opens_what_its_role_allows(app: FastAPI, platform: Platform, role: Role) -> None:
    assert await _surprises(app, await key_with(platform, [role]), role) == []


async def test_a_projects_key_opens_what_its_role_allows(app: FastAPI, platform: Platform) -> None:
    assert await _surprises(app, await project_key(platform), Role.PROJECT) == []


@pytest.mark.parametrize("role", USER_ROLES)
async def test_a_signed_in_person_may_do_what_their_key_may(app: FastAPI, platform: Platform, role: Role) -> None:
    headers = await session_of(platform, [role])

    assert await _surprises(app, headers, role, signed_in=True) == []
    for method, path in ENDS_THE_SESSION:
        answer = await _call(app, await session_of(platform, [role]), method, path)
        assert answer.status in {200, 303}, (method, path)


async def test_scopes_take_away_from_a_role(app: FastAPI, platform: Platform) -> None:
    headers = await key_with(platform, list(USER_ROLES), scopes=[Permission.READ_JOBS])

    for (method, path), rule in ROUTES.items():
        answer = await _call(app, headers, method, path)
        closed = rule is Open.SIGNED_IN or (isinstance(rule, Permission) and rule != Permission.READ_JOBS)
        assert (answer.status == 403) == closed, (method, path, answer.status)


async def test_who_is_not_known_gets_what_is_public(app: FastAPI, platform: Platform) -> None:
    for name, headers in (await stopped_keys(platform)).items():
        wrong = []
        for (method, path), rule in ROUTES.items():
            answer = await _call(app, headers, method, path)
            status = 401 if _leads_to_sign_in(answer) else answer.status
            if (rule is not Open.PUBLIC and status != 401) or (
                rule is Open.PUBLIC and not headers and status in {401, 403}
            ):
                wrong.append(f"{method} {path}: {status}")
        assert wrong == [], name


async def test_a_cookie_alone_changes_nothing(app: FastAPI, platform: Platform) -> None:
    headers = await session_of(platform, list(USER_ROLES), VISION)
    del headers["x-csrf-token"]

    for (method, path), rule in ROUTES.items():
        if rule is not Open.PUBLIC and method not in {"GET", "HEAD"}:
            assert (await _call(app, headers, method, path)).status == 403, (method, path)


def test_the_table_lists_the_routes_that_are_there_and_no_others(app: FastAPI) -> None:
    routes = [route for router in ROUTERS for route in router.routes]
    others = {str(getattr(route, "path", "")) for route in app.routes if not isinstance(route, APIRoute)} - {""}

    assert [route for route in routes if not isinstance(route, GuardedRoute)] == []
    served = {(method, route.path) for route in routes if isinstance(route, APIRoute) for method in route.methods or ()}
    assert served == set(ROUTES)
    assert others == OUTSIDE_THE_TABLE


def test_a_route_that_is_not_in_the_table_cannot_be_served() -> None:
    router = APIRouter(prefix="/api/secrets", route_class=GuardedRoute)

    with pytest.raises(LookupError, match=r"GET /api/secrets is missing in route_permissions\.py"):
        router.get("")(_a_secret)


async def _a_secret() -> str:
    return "secret"
