"""Routes of accounts."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from modelyard.domain.accounts import organisations
from modelyard.domain.accounts.invitations import NewUser
from modelyard.domain.accounts.organisations import AccountChanges
from modelyard.domain.models import licence
from modelyard.entrypoints.rest.person_shapes import person_object
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, address_for_links
from modelyard.entrypoints.rest.user_shapes import account_object
from modelyard.entrypoints.rest.users import invitation_members
from modelyard.entrypoints.rest.wire import Json

router = APIRouter(prefix="/api/accounting/accounts", tags=["accounts"], route_class=GuardedRoute)


class NewAccount(BaseModel):
    """An account, and who is invited to administer it."""

    name: str
    firstName: str  # noqa: N815 - the API's spelling
    lastName: str  # noqa: N815
    email: str


class AccountChange(BaseModel):
    """What to change; absent or null leaves a field as it is, lists replace."""

    name: str | None = None
    processingEngines: int | None = None  # noqa: N815
    approvalRoles: list[str] | None = None  # noqa: N815
    status: str | None = Field(None, description="Active or Inactive, which lets nobody of the account in.")


@router.get("", summary="List the accounts that one may see")
async def list_accounts(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        return Json([account_object(facts) for facts in await organisations.list_accounts(session, actor)])


@router.post("", status_code=201, summary="Create an account with an administrator")
async def create_account(body: NewAccount, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The invitation goes out by mail; without a mail server its address is in the answer."""
    first = NewUser(body.firstName, body.lastName, body.email)
    server = address_for_links(request)
    async with platform.database.write() as session:
        facts, invited = await organisations.create_account(
            session, platform.clock, actor, platform.links, body.name, first, server=server
        )
    administrator = {"administrator": person_object(invited.user)}
    return Json(account_object(facts) | administrator | invitation_members(invited), 201)


@router.get("/{account}", summary="Read an account with its users")
async def read_account(account: str, platform: ThePlatform, actor: Caller) -> Response:
    """Of the users, those within the reach of one's roles."""
    async with platform.database.read() as session:
        facts = await organisations.find_account(session, actor, account)
        users = await organisations.list_account_users(session, actor, account)
    return Json(account_object(facts) | {"users": [person_object(user) for user in users]})


@router.patch("/{account}", summary="Rename or deactivate an account; set its licence and who approves versions")
async def change_account(account: str, body: AccountChange, platform: ThePlatform, actor: Caller) -> Response:
    changes = AccountChanges(body.name, body.processingEngines, body.approvalRoles, body.status)
    async with platform.database.write() as session:
        facts = await licence.change_account(session, platform.clock, actor, account, changes)
    return Json(account_object(facts))
