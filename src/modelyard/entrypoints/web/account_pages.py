"""The pages of accounts: the list, one account with its licence and who approves its versions, and making one."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.adapters.mail.base import BadMailAddress
from modelyard.core.errors import PlatformError
from modelyard.domain.accounts import organisations
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.invitations import EmailTaken, NewUser
from modelyard.domain.accounts.one_time_links import Purpose
from modelyard.domain.accounts.organisations import AccountChanges, AccountExists
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.role_queries import RoleFacts
from modelyard.domain.accounts.states import AccountStatus
from modelyard.domain.accounts.tables import Account
from modelyard.domain.models import licence
from modelyard.domain.models.licence import LicenceExceeded
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, address_for_links
from modelyard.entrypoints.rest.user_shapes import PORTRAITS
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import ROWS_AT_ONCE, back_to, read_people_frame, show_link, shown
from modelyard.entrypoints.web.role_choices import read_roles

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/accounts"
_PLACES: dict[type[PlatformError], str] = {
    AccountExists: "name",
    EmailTaken: "email",
    BadMailAddress: "email",
    LicenceExceeded: "processingEngines",
}


@router.get(PATH)
async def show_accounts(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Those that one may see; for most people that is their own."""
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Accounts")
        found = await organisations.list_accounts(session, actor)
        approvers = await organisations.name_approvers(session, [facts.account for facts in found])
    return shown(
        "people_accounts.html",
        people,
        now=platform.clock.now(),
        accounts=found,
        approvers=approvers,
        default_engines=platform.settings.processing_engines,
        may_manage=_may_manage(actor),
    )


@router.get(PATH + "/new")
async def begin_account(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _new_page(request, platform, actor, Filled())


@router.post(PATH)
async def create_account(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The link of the invitation is shown here once where no mail is set up."""
    form = await read_filled(request)
    try:
        form.require("name", "firstName", "lastName", "email")
        first = NewUser(form.first("firstName"), form.first("lastName"), form.first("email"))
        async with platform.database.write() as session:
            facts, invited = await organisations.create_account(
                session,
                platform.clock,
                actor,
                platform.links,
                form.first("name"),
                first,
                server=address_for_links(request),
            )
    except PlatformError as error:
        return await _new_page(request, platform, actor, await refused(request, form, error, _PLACES))
    if invited.link.url is None:
        return back_to(f"{PATH}/{facts.account.id}", "invited")
    return await show_link(request, platform, actor, "Accounts", invited.user, invited.link, Purpose.INVITATION)


@router.get(PATH + "/{account}")
async def show_account(account: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _account_page(request, platform, actor, account, Filled())


@router.post(PATH + "/{account}")
async def change_account(account: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Name, licensed engines and the roles that approve."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            found = await organisations.find_account(session, actor, account)
            changes = _read_changes(form, found.account)
            await licence.change_account(session, platform.clock, actor, account, changes)
    except PlatformError as error:
        return await _account_page(request, platform, actor, account, await refused(request, form, error, _PLACES))
    return back_to(f"{PATH}/{account}", "saved")


@router.post(PATH + "/{account}/status")
async def set_status(account: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    status = form.first("status")
    try:
        async with platform.database.write() as session:
            await licence.change_account(session, platform.clock, actor, account, AccountChanges(status=status))
    except PlatformError as error:
        return await _account_page(request, platform, actor, account, await refused(request, form, error))
    return back_to(f"{PATH}/{account}", "opened" if status == AccountStatus.ACTIVE else "closed")


def _may_manage(actor: Actor) -> bool:
    return actor.reach(Permission.MANAGE_ACCOUNTS) == Reach.INSTALLATION


def _read_changes(form: Filled, account: Account) -> AccountChanges:
    """What differs from what is so: a licence that is too small by now must not hinder a new name."""
    has_own_licence = account.processing_engines is not None
    form.require("name", *(["processingEngines"] if has_own_licence else []))
    engines = form.number("processingEngines")
    return AccountChanges(
        name=form.first("name"),
        processing_engines=engines if engines != account.processing_engines else None,
        approval_roles=form.all("approvalRoles") if "approvalRoles" in form.values else None,
    )


async def _approving_roles(session: AsyncSession, actor: Actor, account_id: str) -> list[RoleFacts]:
    """The roles that can approve versions of an account."""
    roles = await read_roles(session, actor, account_id)
    return [role for role in roles if Permission.APPROVE_MODELS in role.grants]


async def _new_page(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Accounts")
    return shown("people_account_new.html", people, form.status, form=form, has_mail=platform.mailer.is_configured)


async def _account_page(
    request: Request, platform: ThePlatform, actor: Actor, account_id: str, form: Filled
) -> Response:
    may_manage = _may_manage(actor)
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Accounts")
        facts = await organisations.find_account(session, actor, account_id)
        users = await organisations.list_account_users(session, actor, account_id, ROWS_AT_ONCE + 1)
        approvers = await organisations.name_approvers(session, [facts.account])
        roles = await _approving_roles(session, actor, account_id) if may_manage else []
    return shown(
        "people_account.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        account=facts.account,
        user_count=facts.users,
        users=users[:ROWS_AT_ONCE],
        has_more_users=len(users) > ROWS_AT_ONCE,
        approvers=approvers[account_id],
        roles=roles,
        default_engines=platform.settings.processing_engines,
        may_manage=may_manage,
        is_own=account_id == actor.account_id,
        portraits=PORTRAITS,
    )
