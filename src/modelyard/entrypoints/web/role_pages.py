"""The pages of roles: what each may do, side by side; and custom roles, made, changed and deleted."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.domain.accounts import custom_roles, role_queries
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.custom_roles import PermissionBeyondYou, RoleChanges, RoleExists
from modelyard.domain.accounts.key_limits import PermissionUnknown
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.accounts.role_queries import RoleFacts, holders_of
from modelyard.domain.accounts.roles import RoleType
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import back_to, read_people_frame, shown
from modelyard.entrypoints.web.role_choices import rows_of

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/roles"
SHORT_REACHES = {Reach.OWN: "own", Reach.TEAM: "team", Reach.ACCOUNT: "account", Reach.INSTALLATION: "all"}
_TYPES = ((RoleType.USER, "People's keys"), (RoleType.SYSTEM, "Projects' keys"))
_PLACES: dict[type[PlatformError], str] = {
    RoleExists: "identifier",
    PermissionUnknown: "entitlements",
    PermissionBeyondYou: "entitlements",
}


@router.get(PATH)
async def show_roles(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Roles")
        roles = await role_queries.list_roles(session, actor)
    return shown(
        "people_roles.html",
        people,
        roles=roles,
        things=_by_thing(list(Permission)),
        reaches=SHORT_REACHES,
        may_manage=actor.may(Permission.MANAGE_ROLES),
    )


@router.get(PATH + "/new")
async def begin_role(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _new_page(request, platform, actor, Filled())


@router.post(PATH)
async def create_role(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    form = await read_filled(request)
    try:
        form.require("identifier", "name")
        wanted = _read_role(form)
        async with platform.database.write() as session:
            role = await custom_roles.create_role(
                session,
                platform.clock,
                actor,
                form.first("identifier"),
                wanted,
                key_type=form.first("type") or RoleType.USER,
            )
    except PlatformError as error:
        return await _new_page(request, platform, actor, await refused(request, form, error, _PLACES))
    return back_to(f"{PATH}/{role.identifier}", "created")


@router.get(PATH + "/{role}")
async def show_role(role: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _role_page(request, platform, actor, role, Filled())


@router.post(PATH + "/{role}")
async def change_role(role: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Who has the role may do more or less at once."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            await custom_roles.change_role(session, platform.clock, actor, role, _read_role(form))
    except PlatformError as error:
        return await _role_page(request, platform, actor, role, await refused(request, form, error, _PLACES))
    return back_to(f"{PATH}/{role}", "saved")


@router.post(PATH + "/{role}/delete")
async def delete_role(role: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Refused as long as somebody has it; takes its identifier to be typed."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            form.require_typed((await role_queries.find_role(session, actor, role)).identifier)
            await custom_roles.delete_role(session, platform.clock, actor, role)
    except PlatformError as error:
        return await _role_page(request, platform, actor, role, await refused(request, form, error))
    return back_to(PATH, "deleted")


def _read_role(form: Filled) -> RoleChanges:
    return RoleChanges(
        form.first("name"),
        form.first("description"),
        form.first("longDescription"),
        form.number("weight"),
        form.all("entitlements"),
    )


def _by_thing(permissions: Sequence[Permission]) -> list[tuple[str, list[Permission]]]:
    """Permissions by what they are about, in their order."""
    groups: dict[str, list[Permission]] = {}
    for permission in permissions:
        groups.setdefault(permission.partition(":")[0].replace("-", " ").capitalize(), []).append(permission)
    return list(groups.items())


async def _new_page(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Roles")
    things = _by_thing(list(Permission))
    return shown("people_role_new.html", people, form.status, form=form, things=things, types=_TYPES)


async def _role_page(request: Request, platform: ThePlatform, actor: Actor, identifier: str, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Roles")
        role: RoleFacts = await role_queries.find_role(session, actor, identifier)
        may_manage = actor.may(Permission.MANAGE_ROLES) and not role.is_prebuilt
        holders = await holders_of(session, actor.account_id, identifier) if may_manage else ([], 0)
    return shown(
        "people_role.html",
        people,
        form.status,
        form=form,
        role=role,
        rows=rows_of(role),
        things=_by_thing(list(Permission)),
        may_manage=may_manage,
        holders=holders[0],
        holder_count=holders[1],
    )
