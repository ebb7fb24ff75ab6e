"""The pages of API keys: one key and its limits, its body shown once, and replacing that."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from modelyard.core.errors import InvalidInput, PlatformError
from modelyard.domain.accounts import key_bodies
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import KeyStatus, NewKey
from modelyard.domain.accounts.key_bodies import BodyShown
from modelyard.domain.accounts.key_changes import (
    TRANSITIONS,
    ExpiryPassed,
    KeyChanges,
    is_owned_by,
    may_manage_key,
)
from modelyard.domain.accounts.key_limits import NetworkRejected, PermissionUnknown
from modelyard.domain.accounts.key_queries import KeyWithOwner, find_key
from modelyard.domain.accounts.tables import ApiKey
from modelyard.domain.jobs.statistics import count_jobs_of_keys
from modelyard.domain.jobs.stopped_keys import change_key
from modelyard.entrypoints.rest.errors import status_of
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, parse_time
from modelyard.entrypoints.web.filled_forms import Filled, read_filled, refused
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import PeopleFrame, back_to, read_people_frame, shown
from modelyard.entrypoints.web.wording import minute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/keys/{prefix}"
OWN_PATH = "/profile/keys/{prefix}"
_STATUSES = {str(status): status for status in (KeyStatus.ACTIVE, KeyStatus.INACTIVE, KeyStatus.DELETED)}
_PLACES: dict[type[PlatformError], str] = {
    ExpiryPassed: "expiresAt",
    PermissionUnknown: "scopes",
    NetworkRejected: "networks",
}


class StatusMissing(InvalidInput):
    """The form does not say what shall become of a key."""

    def __init__(self) -> None:
        super().__init__(f"A key can become {', '.join(_STATUSES)}.")


@router.get(PATH)
async def show_key(prefix: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    return await _key_page(request, platform, actor, prefix, Filled())


@router.post(PATH)
async def change(prefix: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Owners change name and description; administrators priority and limits, too."""
    form = await read_filled(request)
    try:
        async with platform.database.write() as session:
            changes = _read_changes(form, (await find_key(session, actor, prefix)).key)
            await change_key(session, platform.clock, actor, prefix, changes)
    except PlatformError as error:
        return await _key_page(request, platform, actor, prefix, await refused(request, form, error, _PLACES))
    return back_to(f"/people/keys/{prefix}", "saved")


@router.post(PATH + "/status")
async def set_status(prefix: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Deleting takes the prefix to be typed."""
    form = await read_filled(request)
    status = _STATUSES.get(form.first("status"))
    try:
        if status is None:
            raise StatusMissing
        if status == KeyStatus.DELETED:
            form.require_typed(prefix)
        async with platform.database.write() as session:
            await change_key(session, platform.clock, actor, prefix, KeyChanges(status=status))
    except PlatformError as error:
        return await _key_page(request, platform, actor, prefix, await refused(request, form, error))
    return back_to(f"/people/keys/{prefix}", "saved")


@router.post(OWN_PATH + "/body")
async def show_body(prefix: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """In this one answer, and never again: not when the page is loaded again either."""
    try:
        async with platform.database.write() as session:
            new = await key_bodies.show_body(session, platform.clock, platform.fingerprinter, actor, prefix)
    except BodyShown as error:
        return await _shown_before(request, platform, actor, prefix, status_of(error))
    return await _once(request, platform, actor, new)


@router.get(OWN_PATH + "/replace")
async def ask_to_replace(prefix: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Says what will be lost."""
    async with platform.database.read() as session:
        people, found = await _read_key(session, request, actor, prefix)
        jobs = await count_jobs_of_keys(session, [prefix])
    return shown(
        "key_replace.html",
        people,
        now=platform.clock.now(),
        found=found,
        jobs=jobs.get(prefix, 0),
        is_owner=is_owned_by(actor, found),
        home=_home(found),
    )


@router.post(OWN_PATH + "/replace")
async def replace_body(prefix: str, request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The old body works no more."""
    async with platform.database.write() as session:
        new = await key_bodies.replace_body(session, platform.clock, platform.fingerprinter, actor, prefix)
    return await _once(request, platform, actor, new)


async def _once(request: Request, platform: ThePlatform, actor: Actor, new: NewKey) -> Response:
    async with platform.database.read() as session:
        people, found = await _read_key(session, request, actor, new.prefix)
    return shown("key_once.html", people, found=found, new=new, home=_home(found))


async def _shown_before(request: Request, platform: ThePlatform, actor: Actor, prefix: str, status: int) -> Response:
    async with platform.database.read() as session:
        people, found = await _read_key(session, request, actor, prefix)
    return shown("key_shown.html", people, status, now=platform.clock.now(), found=found, home=_home(found))


async def _read_key(
    session: AsyncSession, request: Request, actor: Actor, prefix: str
) -> tuple[PeopleFrame, KeyWithOwner]:
    found = await find_key(session, actor, prefix)
    return await read_people_frame(session, request, actor, "", is_own=_is_of_profile(actor, found)), found


def _is_of_profile(actor: Actor, found: KeyWithOwner) -> bool:
    return found.project is None and is_owned_by(actor, found)


def _home(found: KeyWithOwner) -> tuple[str, str]:
    """What the key belongs to, and where that is shown."""
    if found.project:
        return found.project.name, f"/people/projects/{found.project.id}"
    return "your profile", "/profile"


def _read_changes(form: Filled, key: ApiKey) -> KeyChanges:
    """What the form names; administrators alone have fields for limits. Raises InvalidInput."""
    expiry = form.first("expiresAt")
    has_changed = expiry != minute(key.expires_at)  # fields hold no seconds
    return KeyChanges(
        name=form.first("name") if "name" in form.values else None,
        description=form.first("description") if "description" in form.values else None,
        is_high_priority=form.has("isHighPriority", "true") if "isHighPriority" in form.values else None,
        expires_at=parse_time(expiry, "expiresAt") if expiry and has_changed else None,
        without_expiry="expiresAt" in form.values and not expiry,
        scopes=form.first("scopes").replace(",", " ").split() if "scopes" in form.values else None,
        networks=form.first("networks").replace(",", " ").split() if "networks" in form.values else None,
    )


async def _key_page(request: Request, platform: ThePlatform, actor: Actor, prefix: str, form: Filled) -> Response:
    async with platform.database.read() as session:
        people, found = await _read_key(session, request, actor, prefix)
        jobs = await count_jobs_of_keys(session, [prefix])
    key = found.key
    is_there = key.status != KeyStatus.DELETED
    return shown(
        "people_key.html",
        people,
        form.status,
        form=form,
        now=platform.clock.now(),
        found=found,
        key=key,
        jobs=jobs.get(prefix, 0),
        is_owner=is_owned_by(actor, found),
        is_own=_is_of_profile(actor, found),
        may_describe=is_there and (is_owned_by(actor, found) or may_manage_key(actor, found)),
        may_manage=is_there and may_manage_key(actor, found),
        possible={str(status) for status in TRANSITIONS.get(KeyStatus(key.status), ())},
    )
