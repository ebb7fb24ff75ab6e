"""One's own profile: name, password, theme, teams, API keys, and where one is signed in."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from modelyard.core.errors import PlatformError
from modelyard.core.paging import Page, Sort
from modelyard.domain.accounts import sessions
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.key_queries import KeyFilter, KeyWithOwner, list_keys
from modelyard.domain.accounts.passwords import SHORTEST, PasswordTooWeak
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.sign_in import PasswordWrong
from modelyard.domain.accounts.tables import SignedInSession
from modelyard.domain.accounts.user_access import find_user
from modelyard.domain.accounts.user_queries import read_facts
from modelyard.domain.accounts.users import UserChanges
from modelyard.domain.jobs import people as domain
from modelyard.entrypoints.rest.requests import Caller, ThePlatform
from modelyard.entrypoints.rest.sign_in import visitor_of, without_session_cookie
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.password_pages import PasswordsDiffer
from modelyard.entrypoints.web.people_tabs import back_to, read_people_frame, shown
from modelyard.entrypoints.web.role_choices import names_of, read_roles
from modelyard.entrypoints.web.user_pages import MOST_KEYS

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/profile"
_PLACES: dict[type[PlatformError], str] = {PasswordWrong: "old", PasswordTooWeak: "new", PasswordsDiffer: "again"}


@router.get(PATH)
async def show_profile(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _page(request, platform, actor, Filled())


@router.post(PATH)
async def change_profile(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Names and title."""
    form = await read_filled(request)
    changes = UserChanges(form.first("firstName"), form.first("lastName"), form.first("title"))
    try:
        form.require("firstName", "lastName")
        async with platform.database.write() as session:
            await domain.change_user(
                session, platform.clock, actor, actor.user_id, changes, account_id=actor.account_id
            )
    except PlatformError as error:
        return await _page(request, platform, actor, await refused(request, form, error))
    return back_to(PATH, "saved")


@router.post(PATH + "/password")
async def change_password(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Ends all other sessions."""
    form = await read_filled(request)
    try:
        form.require("old", "new", "again")
        old, new, again = (form.values[name][0] for name in ("old", "new", "again"))
        if new != again:
            raise PasswordsDiffer
        await platform.sign_in.change_password(actor, old[:1000], new[:1000], visitor_of(request, "password"))
    except PlatformError as error:
        return await _page(request, platform, actor, await refused(request, form, error, _PLACES))
    return back_to(PATH, "password")


@router.post(PATH + "/sessions/end-others")
async def end_others(platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await sessions.end_others(session, platform.clock, actor)
    return back_to(PATH, "ended")


@router.post(PATH + "/sessions/{session_id}/end")
async def end_session(session_id: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    async with platform.database.write() as session:
        await sessions.end_session(session, platform.clock, actor, session_id)
    if session_id == actor.session_id:
        return without_session_cookie(request, RedirectResponse("/sign-in", 303))
    return back_to(PATH, "ended")


@router.post(PATH + "/teams/{team}/leave")
async def leave_team(team: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Who acts for the team in this session is signed out with it."""
    try:
        async with platform.database.write() as session:
            await domain.leave_team(session, platform.clock, actor, team)
    except PlatformError as error:
        return await _page(request, platform, actor, await refused(request, Filled(), error))
    return back_to(PATH, "left")


async def _page(request: Request, platform: ThePlatform, actor: Actor, form: Filled) -> Response:
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "", is_own=True)
        user = await find_user(session, actor, actor.user_id)
        (facts,) = await read_facts(session, [user])
        keys = await _own_keys(session, actor)
        names = names_of(await read_roles(session, actor))
        signed_in: Sequence[SignedInSession] = []
        if actor.session_id:
            signed_in = await sessions.list_sessions(session, platform.clock, actor)
    return shown(
        "profile.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        user=user,
        facts=facts,
        keys={entry.key.team_id: entry for entry in keys},
        role_names=names,
        sessions=signed_in,
        session_id=actor.session_id,
        has_password=user.password_hash is not None,
        shortest=SHORTEST,
    )


async def _own_keys(session: AsyncSession, actor: Actor) -> list[KeyWithOwner]:
    """One for each team; those of projects are shown with the projects."""
    if not actor.may(Permission.READ_KEYS):
        return []
    found = await list_keys(session, actor, KeyFilter(user=actor.user_id), Page(1, MOST_KEYS), Sort())
    return [entry for entry in found.entries if entry.project is None]
