"""Routes of API keys: list, change, delete, give roles, show the body once, replace it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts import key_bodies, key_queries, key_roles
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import KeyStatus
from modelyard.domain.accounts.key_changes import KeyChanges
from modelyard.domain.accounts.key_queries import LIVING, KeyFilter, KeyWithOwner
from modelyard.domain.jobs import stopped_keys
from modelyard.domain.jobs.statistics import count_jobs_of_keys
from modelyard.entrypoints.rest.key_shapes import key_object, new_key_object
from modelyard.entrypoints.rest.requests import (
    Caller,
    GuardedRoute,
    ThePlatform,
    next_link,
    parse_time,
    read_page,
    read_sort,
    read_text,
)
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/accounting/access-keys", tags=["API keys"], route_class=GuardedRoute)
_STATUSES = {status.lower(): status for status in KeyStatus}


class KeyPatch(BaseModel):
    """What to change of a key; absent or null leaves a member as it is, lists replace."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"status": "Inactive", "scopes": ["jobs:submit"], "networks": ["192.0.2.0/24"]}}
    )
    name: str | None = None
    description: str | None = None
    labels: list[str] | None = None
    status: str | None = Field(None, description="Active, Inactive or Deleted, which is final.")
    isHighPriority: bool | None = Field(None, description="Whether its jobs go before others.")  # noqa: N815
    expiresAt: str | None = Field(None, description="From when on it works no more; an empty text: never.")  # noqa: N815
    scopes: list[str] | None = Field(
        None, description="Permissions or entitlements that it is limited to; empty: all that its roles have."
    )
    networks: list[str] | None = Field(None, description="Networks it works from, as CIDR; empty: all.")


class KeyRoles(BaseModel):
    """The roles that a key shall have, by their identifiers."""

    roles: list[str]


@router.get("", summary="List API keys")
async def list_keys(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: user team project status search. Deleted keys are listed with `status=Deleted` only."""
    wanted = KeyFilter(
        user=read_text(request, "user"),
        team=read_text(request, "team"),
        project=read_text(request, "project"),
        statuses=_read_statuses(request),
        search=read_text(request, "search"),
    )
    return await _page(request, platform, actor, wanted)


@router.get("/user/{email}", summary="List the API keys of a user")
async def list_keys_of_user(email: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _page(request, platform, actor, KeyFilter(user=email, statuses=_read_statuses(request)))


@router.get("/{prefix}", summary="Read an API key")
async def read_key(prefix: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return await _key(session, await key_queries.find_key(session, actor, prefix))


@router.patch("/{prefix}", summary="Change an API key")
async def change_key(prefix: str, body: KeyPatch, platform: ThePlatform, actor: Caller) -> Response:
    """Owners change name, description and labels; administrators everything. A key that stops takes its jobs along."""
    changes = KeyChanges(
        name=body.name,
        description=body.description,
        labels=body.labels,
        status=None if body.status is None else _status(body.status),
        is_high_priority=body.isHighPriority,
        expires_at=_read_expiry(body.expiresAt),
        without_expiry=body.expiresAt == "",
        scopes=body.scopes,
        networks=body.networks,
    )
    async with platform.database.write() as session:
        return await _key(session, await stopped_keys.change_key(session, platform.clock, actor, prefix, changes))


@router.delete("/{prefix}", summary="Delete an API key, for good")
async def delete_key(prefix: str, platform: ThePlatform, actor: Caller) -> Response:
    changes = KeyChanges(status=KeyStatus.DELETED)
    async with platform.database.write() as session:
        return await _key(session, await stopped_keys.change_key(session, platform.clock, actor, prefix, changes))


@router.put("/{prefix}/roles", summary="Give an API key its roles")
async def set_roles(
    prefix: str, body: Annotated[KeyRoles | list[str], Body()], platform: ThePlatform, actor: Caller
) -> Response:
    """The roles of a user's key are those that the user has in the team of the key."""
    roles = body.roles if isinstance(body, KeyRoles) else body
    async with platform.database.write() as session:
        return await _key(session, await key_roles.set_key_roles(session, platform.clock, actor, prefix, roles))


@router.post("/{prefix}/hash", summary="Show the body of an API key, once")
async def show_body(prefix: str, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        new = await key_bodies.show_body(session, platform.clock, platform.fingerprinter, actor, prefix)
    return Json(new_key_object(new))


@router.post("/{prefix}/replace", summary="Replace the body of an API key")
async def replace_body(prefix: str, platform: ThePlatform, actor: Caller) -> Response:
    """The old body works no more."""
    async with platform.database.write() as session:
        new = await key_bodies.replace_body(session, platform.clock, platform.fingerprinter, actor, prefix)
    return Json(new_key_object(new))


async def _page(request: Request, platform: Platform, actor: Actor, wanted: KeyFilter) -> Response:
    page = read_page(request)
    async with platform.database.read() as session:
        found = await key_queries.list_keys(session, actor, wanted, page, read_sort(request))
        counts = await count_jobs_of_keys(session, [entry.key.prefix for entry in found.entries])
    keys = [key_object(entry, counts.get(entry.key.prefix, 0)) for entry in found.entries]
    return Json(keys, headers=next_link(request, page, has_next=found.has_next))


async def _key(session: AsyncSession, found: KeyWithOwner) -> Response:
    prefix = found.key.prefix
    return Json(key_object(found, (await count_jobs_of_keys(session, [prefix])).get(prefix, 0)))


def _read_statuses(request: Request) -> tuple[KeyStatus, ...]:
    words = [word for word in read_text(request, "status").replace(";", ",").split(",") if word.strip()]
    return tuple(_status(word) for word in words) or LIVING


def _status(text: str) -> KeyStatus:
    if text.strip().lower() not in _STATUSES:
        raise InvalidInput(f"status must be one of {', '.join(KeyStatus)}, not {text[:40]!r}.")
    return _STATUSES[text.strip().lower()]


def _read_expiry(text: str | None) -> datetime | None:
    return parse_time(text.strip(), "expiresAt") if text else None
