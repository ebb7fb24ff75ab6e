"""Routes of roles and of what the caller may do."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from modelyard.domain.accounts import custom_roles, role_queries
from modelyard.domain.accounts.custom_roles import RoleChanges
from modelyard.domain.accounts.roles import RoleType
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, read_text
from modelyard.entrypoints.rest.role_shapes import entitlement_objects, role_object
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/accounting", tags=["roles"], route_class=GuardedRoute)


class EntitlementChoice(BaseModel):
    """An entitlement as lists show it."""

    identifier: str


class NewRole(BaseModel):
    """A custom role of an account."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"identifier": "OPERATOR", "name": "Operator", "entitlements": ["jobs:read", "CAN_CANCEL_JOBS"]}
        }
    )
    identifier: str = Field(description="Capital letters, digits and underscores, beginning with a letter.")
    name: str
    entitlements: list[str | EntitlementChoice] = Field(description="Permissions or the identifiers of entitlements.")
    description: str | None = None
    longDescription: str | None = None  # noqa: N815 - the API's spelling
    weight: int | None = Field(None, description="Lists are in this order.")
    type: str | None = Field(None, description="user: for keys of users; system: for keys of projects.")
    account: str | None = Field(None, description="Where the role is for; one's own account unless said otherwise.")


class RolePatch(BaseModel):
    """What to change; absent or null leaves a member as it is, entitlements replace."""

    name: str | None = None
    entitlements: list[str | EntitlementChoice] | None = None
    description: str | None = None
    longDescription: str | None = None  # noqa: N815
    weight: int | None = None


@router.get("/entitlements", summary="What the caller may do")
async def read_entitlements(actor: Caller) -> Response:
    """After the scopes of the key."""
    return Json(entitlement_objects(actor.grants))


@router.get("/roles", summary="List roles")
async def list_roles(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: type; account, for those who see others than their own."""
    wanted_type = read_text(request, "type").lower()
    async with platform.database.read() as session:
        roles = await role_queries.list_roles(session, actor, read_text(request, "account"))
    return Json([role_object(role) for role in roles if wanted_type in {"", role.type}])


@router.post("/roles", status_code=201, summary="Create a custom role")
async def create_role(body: NewRole, platform: ThePlatform, actor: Caller) -> Response:
    wanted = RoleChanges(body.name, body.description, body.longDescription, body.weight, _names(body.entitlements))
    where = {"key_type": body.type or RoleType.USER, "account_id": body.account or ""}
    async with platform.database.write() as session:
        role = await custom_roles.create_role(session, platform.clock, actor, body.identifier, wanted, **where)
    return Json(role_object(role), 201)


@router.get("/roles/{role}", summary="Read a role")
async def read_role(role: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json(role_object(await role_queries.find_role(session, actor, role, read_text(request, "account"))))


@router.patch("/roles/{role}", summary="Change a custom role")
async def change_role(role: str, body: RolePatch, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Who has the role may do more or less at once."""
    names = None if body.entitlements is None else _names(body.entitlements)
    changes = RoleChanges(body.name, body.description, body.longDescription, body.weight, names)
    account = read_text(request, "account")
    async with platform.database.write() as session:
        changed = await custom_roles.change_role(session, platform.clock, actor, role, changes, account)
    return Json(role_object(changed))


@router.delete("/roles/{role}", status_code=204, summary="Delete a custom role", response_class=Response)
async def delete_role(role: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Refused as long as somebody has it."""
    account = read_text(request, "account")
    async with platform.database.write() as session:
        await custom_roles.delete_role(session, platform.clock, actor, role, account)
    return Response(status_code=204)


def _names(entitlements: Sequence[str | EntitlementChoice]) -> list[str]:
    return [each if isinstance(each, str) else each.identifier for each in entitlements]
