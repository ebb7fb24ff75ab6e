"""Lists audit events, newest first, as fast among a million as among a few."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.paging import Found
from modelyard.domain.audit.branches import Branches, branch_values, newest_in_branches
from modelyard.domain.audit.filters import EventFilter, Position, begins_with, conditions
from modelyard.domain.audit.tables import AuditEvent

_FEW_EVENTS = 10_000
_FEW_TARGETS = 200
_NEWEST_FIRST = AuditEvent.at.desc(), AuditEvent.id.desc()


async def list_events(
    session: AsyncSession, wanted: EventFilter, size: int, before: int | None = None
) -> Found[AuditEvent]:
    """The newest events that match, at most `size`; those that follow the event `before` when it is given."""
    after = await _position(session, before) if before is not None else None
    if before is not None and after is None:
        return Found([], has_next=False)  # it was removed, and before it whatever followed
    rows: list[AuditEvent] = []
    for statement in await _statements(session, wanted, after, size + 1):
        rows += await session.scalars(statement)
    rows.sort(key=lambda row: (row.at, row.id), reverse=True)
    return Found(rows[:size], has_next=len(rows) > size)


async def _position(session: AsyncSession, event_id: int) -> Position | None:
    at = await session.scalar(select(AuditEvent.at).where(AuditEvent.id == event_id))
    return Position(at, event_id) if at else None


async def _statements(
    session: AsyncSession, wanted: EventFilter, after: Position | None, size: int
) -> Sequence[Select[AuditEvent]]:
    """What finds the newest events, each statement in one place, by the way that looks at the fewest."""
    if wanted.request_id or wanted == EventFilter(start=wanted.start, end=wanted.end):
        return [select(AuditEvent).where(*conditions(AuditEvent, wanted, after)).order_by(*_NEWEST_FIRST).limit(size)]
    if wanted.target and await _has_few_events(session, wanted.target):
        near = select(AuditEvent.id).where(begins_with(AuditEvent.target, wanted.target))
        others = conditions(AuditEvent, wanted, after, branch={"target"})
        return [select(AuditEvent).where(AuditEvent.id.in_(near), *others).order_by(*_NEWEST_FIRST).limit(size)]
    return [newest_in_branches(branches, wanted, after, size) for branches in await _branches(session, wanted)]


async def _has_few_events(session: AsyncSession, target: str) -> bool:
    events = select(AuditEvent.target).where(begins_with(AuditEvent.target, target)).limit(_FEW_EVENTS + 1)
    return (await session.scalar(select(func.count()).select_from(events.subquery())) or 0) <= _FEW_EVENTS


async def _branches(session: AsyncSession, wanted: EventFilter) -> list[Branches]:
    if wanted.target:
        targets = Branches((), "target", wanted.target)
        values = branch_values(targets, _FEW_TARGETS + 1)
        if (await session.scalar(select(func.count(values.c.value))) or 0) <= _FEW_TARGETS:
            return [targets]
    columns: tuple[str, ...] = ("account_id",) if wanted.account_id else ()
    if wanted.team_id:
        columns = ("team_id",)
    if wanted.user_id:
        columns = ("user_id", "actor", "account_id")
    elif wanted.actor:
        columns = ("actor", "account_id")
    trunks: list[tuple[tuple[str, str | None], ...]] = [()]
    for name in columns:
        fixed = getattr(wanted, name)
        trunks = [
            (*trunk, (name, value))
            for trunk in trunks
            for value in ([fixed] if fixed else await _values(session, Branches(trunk, name)))
        ]
    return [Branches(trunk, "action", wanted.action) for trunk in trunks]


async def _values(session: AsyncSession, branches: Branches) -> list[str | None]:
    """The values of a column that the filter leaves open; None among them when some events have none."""
    values = branch_values(branches)
    found: list[str | None] = [value for value in await session.scalars(select(values.c.value)) if value is not None]
    without = select(AuditEvent.id).where(branches.branch(AuditEvent, None)).limit(1)
    return [*found, None] if await session.scalar(without) else found
