"""The page of a user: teams, keys and what they did last; and what administrators change of them."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.core.errors import PlatformError
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts import invitations
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.event_reach import events_within
from modelyard.domain.accounts.key_queries import KeyFilter, KeyWithOwner, list_keys
from modelyard.domain.accounts.one_time_links import Purpose
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.states import UserStatus
from modelyard.domain.accounts.tables import User
from modelyard.domain.accounts.user_access import find_user, require_over_user
from modelyard.domain.accounts.user_queries import read_facts
from modelyard.domain.accounts.users import TRANSITIONS, UserChanges
from modelyard.domain.audit.filters import EventFilter
from modelyard.domain.audit.queries import list_events
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.jobs import people as domain
from modelyard.domain.jobs.statistics import count_jobs_of_users
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, address_for_links
from modelyard.entrypoints.rest.user_shapes import PORTRAITS
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import back_to, read_people_frame, show_link, shown
from modelyard.entrypoints.web.role_choices import names_of, read_roles

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MOST_KEYS = 200
"""Keys of one person."""
_EVENTS = 12
_DONE: dict[str, str] = {
    UserStatus.ACTIVE: "activated",
    UserStatus.INACTIVE: "suspended",
    UserStatus.REJECTED: "withdrawn",
    UserStatus.DELETED: "deleted",
}


@router.get("/people/users/{user}")
async def show_user(user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """By identifier or e-mail address."""
    return await _user_page(request, platform, actor, user, Filled())


@router.post("/people/users/{user}")
async def change_user(user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Names and title."""
    form = await read_filled(request)
    changes = UserChanges(form.first("firstName"), form.first("lastName"), form.first("title"))
    return await _change(request, platform, actor, user, form, changes, "saved")


@router.post("/people/users/{user}/status")
async def set_status(user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Suspends, activates, withdraws an invitation, or deletes, which takes the address to be typed."""
    form = await read_filled(request)
    status = form.first("status")
    return await _change(
        request, platform, actor, user, form, UserChanges(status=status or "(none)"), _DONE.get(status, "")
    )


@router.post("/people/users/{user}/link")
async def send_link(user: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """A new invitation, or a way to a new password: by mail, or shown here once where no mail is set up."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            found = await find_user(session, actor, user)
            purpose = Purpose.INVITATION if found.status != UserStatus.ACTIVE else Purpose.PASSWORD_RESET
            link = await invitations.send_link(
                session,
                platform.clock,
                actor,
                platform.links,
                purpose,
                account_id=found.account_id,
                user_id=found.id,
                server=address_for_links(request),
            )
    except PlatformError as error:
        return await _user_page(request, platform, actor, user, await refused(request, form, error))
    if link.url is None:
        return back_to(f"/people/users/{found.id}", "sent")
    return await show_link(request, platform, actor, "Users", found, link, purpose)


async def _change(
    request: Request,
    platform: ThePlatform,
    actor: Actor,
    user: str,
    form: Filled,
    changes: UserChanges,
    done: str,
) -> Response:
    try:
        async with platform.database.write() as session:
            found = await find_user(session, actor, user)
            if changes.status == UserStatus.DELETED:
                form.require_typed(found.email)
            changed = await domain.change_user(
                session, platform.clock, actor, found.id, changes, account_id=found.account_id
            )
    except PlatformError as error:
        return await _user_page(request, platform, actor, user, await refused(request, form, error))
    for key in changed.dropped_files:
        await platform.storage.delete(key)
    return back_to(f"/people/users/{changed.user.id}", done)


async def _user_page(request: Request, platform: ThePlatform, actor: Actor, identifier: str, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Users")
        user = await find_user(session, actor, identifier)
        (facts,) = await read_facts(session, [user])
        jobs = await count_jobs_of_users(session, [user.id])
        names = names_of(await read_roles(session, actor))
        keys = await _keys_of(session, actor, user)
        events = await _events_of(session, actor, user)
        hindrance = await _hindrance(session, actor, user)
    return shown(
        "people_user.html",
        people,
        form.status,
        now=platform.clock.now(),
        form=form,
        user=user,
        facts=facts,
        jobs=jobs.get(user.id, 0),
        keys=keys,
        events=events,
        role_names=names,
        hindrance=hindrance,
        may_change=actor.may(Permission.MANAGE_USERS) and not hindrance,
        may_set_roles=actor.may(Permission.MANAGE_TEAMS),
        possible={str(status) for status in TRANSITIONS[UserStatus(user.status)]},
        is_oneself=user.id == actor.user_id,
        may_read_accounts=actor.may(Permission.READ_ACCOUNTS),
        may_read_audit=actor.may(Permission.READ_AUDIT),
        may_limit=actor.may(Permission.MANAGE_QUOTAS),
        portraits=PORTRAITS,
    )


async def _keys_of(session: AsyncSession, actor: Actor, user: User) -> list[KeyWithOwner]:
    """The keys of a user that are no project's, as far as the actor may see them."""
    if not actor.may(Permission.READ_KEYS):
        return []
    found = await list_keys(session, actor, KeyFilter(user=user.id), Page(1, MOST_KEYS), Sort())
    return [entry for entry in found.entries if entry.project is None]


async def _events_of(session: AsyncSession, actor: Actor, user: User) -> Sequence[AuditEvent]:
    """What the user did last, as far as the actor may read it."""
    if not actor.may(Permission.READ_AUDIT):
        return []
    wanted = events_within(actor, EventFilter(user_id=user.id))
    return (await list_events(session, wanted, _EVENTS)).entries if wanted else []


async def _hindrance(session: AsyncSession, actor: Actor, user: User) -> str:
    """Why the actor cannot change a user; empty when they can, or are nobody who changes users."""
    if not actor.may(Permission.MANAGE_USERS):
        return ""
    try:
        await require_over_user(session, actor, user)
    except PlatformError as error:
        return error.message
    return ""
