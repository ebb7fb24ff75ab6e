"""The page of the audit trail: events by the filters of the API, its export, and whether it is as it was written."""

import asyncio
import re
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from modelyard.core.errors import Conflict, InvalidInput, NotFound
from modelyard.core.paging import Found
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.event_reach import events_within
from modelyard.domain.accounts.permissions import Permission, Reach
from modelyard.domain.audit.filters import EventFilter
from modelyard.domain.audit.queries import list_events
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.audit.verify import Flaw, Sound, verify_trail
from modelyard.entrypoints.rest.audit import FILTERS, read_event_filter, read_whole_number
from modelyard.entrypoints.rest.requests import Caller, ThePlatform, read_text
from modelyard.entrypoints.web.page_routes import PageRoute
from modelyard.entrypoints.web.people_tabs import read_people_frame, shown

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PATH = "/people/audit"
EVENTS_AT_ONCE = 50
_MINUTE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?)?", re.ASCII)
"""What a field for times can hold; other spellings of the API stand in one for text."""
_FORMS = (("csv", "CSV"), ("jsonl", "JSON lines"))


class TrailNotSeen(NotFound):
    """The chain goes through the events of all accounts."""

    def __init__(self) -> None:
        super().__init__("Only who reads the audit trail of the whole installation can check it.")


class TrailBeingChecked(Conflict):
    """To read all rows takes a processor for a while: once at a time is enough."""

    def __init__(self) -> None:
        super().__init__("The trail is being checked already; look again in a minute.")


@router.get(PATH)
async def show_audit(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """The newest first; filters are those of GET /api/audit, `before` shows older ones."""
    return await _page(request, platform, actor, None)


@router.post(PATH + "/check")
async def check_trail(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Follows the whole chain; `modelyard audit verify` does it where the trail is too long for one request."""
    if actor.reach(Permission.READ_AUDIT) != Reach.INSTALLATION:
        raise TrailNotSeen
    lock: asyncio.Lock = request.app.state.checking_trail
    if lock.locked():
        raise TrailBeingChecked
    async with lock:
        verdict = await verify_trail(platform.database)
    return await _page(request, platform, actor, verdict)


async def _page(request: Request, platform: ThePlatform, actor: Actor, verdict: Sound | Flaw | None) -> Response:
    chosen = {name: text for name in sorted(FILTERS) if (text := read_text(request, name))}
    problem, wanted, before = "", EventFilter(), None
    try:
        wanted, before = read_event_filter(request), read_whole_number(request, "before")
    except InvalidInput as error:
        problem = error.message
    within = None if problem else events_within(actor, wanted)
    found: Found[AuditEvent] = Found([], has_next=False)
    async with platform.database.read() as session:
        people = await read_people_frame(session, request, actor, "Audit")
        if within:
            found = await list_events(session, within, EVENTS_AT_ONCE, before)
    older = chosen | {"before": str(found.entries[-1].id)} if found.has_next else {}
    return shown(
        "people_audit.html",
        people,
        400 if problem else 200,
        now=platform.clock.now(),
        events=found.entries,
        chosen=chosen,
        times={name: _MINUTE.fullmatch(chosen.get(name, "")) is not None for name in ("startDate", "endDate")},
        problem=problem,
        verdict=verdict,
        is_sound=isinstance(verdict, Sound),
        may_check=actor.reach(Permission.READ_AUDIT) == Reach.INSTALLATION,
        newest=f"{PATH}?{urlencode(chosen)}" if before else "",
        older=f"{PATH}?{urlencode(older)}" if older else "",
        exports=[(words, f"/api/audit/export?{urlencode(chosen | {'format': form})}") for form, words in _FORMS],
    )
