"""Routes of the audit trail: list it, export it."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from modelyard.core.errors import InvalidInput
from modelyard.core.harmless import harmless_cell
from modelyard.core.paging import Found
from modelyard.domain.accounts.event_reach import events_within
from modelyard.domain.audit.export import stream_events
from modelyard.domain.audit.filters import EventFilter
from modelyard.domain.audit.queries import list_events
from modelyard.domain.audit.record import record
from modelyard.domain.audit.tables import AuditEvent
from modelyard.entrypoints.rest.requests import Caller, GuardedRoute, ThePlatform, read_text, read_time
from modelyard.entrypoints.rest.wire import Json, time_text, without_none

router = APIRouter(prefix="/api/audit", tags=["audit"], route_class=GuardedRoute)

USUAL_PAGE = 50
LARGEST_PAGE = 1000
_LONGEST_NUMBER = 18
_COLUMNS = (
    "identifier",
    "createdAt",
    "actor",
    "user",
    "account",
    "team",
    "accessKey",
    "address",
    "requestId",
    "action",
    "target",
    "details",
    "previousHash",
    "hash",
)


@router.get("", summary="List audit events, newest first")
async def list_audit_events(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters: actor user account action target requestId startDate endDate. Pages: per-page, before."""
    size = min(LARGEST_PAGE, max(1, read_whole_number(request, "per-page") or USUAL_PAGE))
    before = read_whole_number(request, "before")
    wanted = events_within(actor, read_event_filter(request))
    found: Found[AuditEvent] = Found([], has_next=False)
    if wanted:
        async with platform.database.read() as session:
            found = await list_events(session, wanted, size, before)
    return Json([_event_object(row) for row in found.entries], headers=_next_link(request, found))


@router.get("/export", summary="All audit events that match, as a file", response_class=Response)
async def export_audit_events(request: Request, platform: ThePlatform, actor: Caller) -> Response:
    """Filters as in the list; `format` is csv or jsonl. The export is an event itself."""
    form = read_text(request, "format").lower() or "jsonl"
    if form not in _FORMS:
        raise InvalidInput(f"format must be csv or jsonl, not {form[:40]!r}.")
    wanted = events_within(actor, read_event_filter(request))
    filters = {name: value[:200] for name, value in request.query_params.items() if name in FILTERS}
    async with platform.database.write() as session:
        record(session, platform.clock, actor, "audit:exported", "audit", format=form, filters=filters)
    media_type, encode, head = _FORMS[form]

    async def pieces() -> AsyncIterator[bytes]:
        yield head
        if wanted:
            async for rows in stream_events(platform.database, wanted):
                yield encode(map(_event_object, rows))

    headers = {
        "Content-Disposition": f'attachment; filename="audit-{platform.clock.now():%Y%m%dT%H%M%SZ}.{form}"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(pieces(), media_type=media_type, headers=headers)


FILTERS = {"actor", "user", "account", "action", "target", "requestId", "startDate", "endDate"}


def read_event_filter(request: Request) -> EventFilter:
    """The filters of an address, as they were asked for. Raises InvalidInput."""
    return EventFilter(
        account_id=read_text(request, "account") or None,
        actor=read_text(request, "actor").lower(),
        user_id=read_text(request, "user"),
        action=read_text(request, "action"),
        target=read_text(request, "target"),
        request_id=read_text(request, "requestId"),
        start=read_time(request, "startDate"),
        end=read_time(request, "endDate"),
    )


def read_whole_number(request: Request, name: str) -> int | None:
    """The number of an event, or of events; None when absent. Raises InvalidInput."""
    text = read_text(request, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise InvalidInput(f"{name} must be a whole number, not {text[:40]!r}.")
    return int(text)


def _next_link(request: Request, found: Found[AuditEvent]) -> dict[str, str]:
    if not found.has_next:
        return {}
    address = request.url.include_query_params(before=found.entries[-1].id)
    return {"Link": f'<{address}>; rel="next"'}


def _event_object(row: AuditEvent) -> dict[str, Any]:
    values = (
        row.id,
        time_text(row.at),
        row.actor,
        row.user_id,
        row.account_id,
        row.team_id,
        row.key_prefix,
        row.address,
        row.request_id,
        row.action,
        row.target,
        row.details,
        row.previous_hash,
        row.hash,
    )
    return without_none(dict(zip(_COLUMNS, values, strict=True)))


def _json_lines(events: Iterable[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(event) + b"\n" for event in events)


def _csv_lines(events: Iterable[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for event in events:
        cells = event | {"details": msgspec.json.encode(event["details"]).decode()}
        writer.writerow([harmless_cell(str(cells.get(name, ""))) for name in _COLUMNS])
    return text.getvalue().encode()


_FORMS: dict[str, tuple[str, Callable[[Iterable[dict[str, Any]]], bytes], bytes]] = {
    "csv": ("text/csv", _csv_lines, (",".join(_COLUMNS) + "\r\n").encode()),
    "jsonl": ("application/x-ndjson", _json_lines, b""),
}
