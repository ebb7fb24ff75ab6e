"""Finds the newest of many events by walking only branches of an index that are in the order of time.

An index over (user, account, action, time) has a branch for each action of a user. The newest events are among the
newest of each branch, and there are few branches: so no filter has to look at all events to find few, or none.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, select

from modelyard.domain.audit.filters import EventFilter, Position, begins_with, conditions, end_of
from modelyard.domain.audit.tables import AuditEvent

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_NAMES = ("found_event", "last_event", "first_value", "next_value", "any_event")
# Plain columns, made once: statements out of mapped classes take longer to build than to run.
_FOUND, _LAST, _FIRST, _NEXT, _ANY = (AuditEvent.__table__.alias(name).c for name in _NAMES)


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of one index.

    Args:
        equal: the columns that the index begins with, and their values.
        each: the column after them, each value of which is a branch.
        prefix: what those values begin with.
    """

    equal: tuple[tuple[str, str | None], ...]
    each: str
    prefix: str = ""

    def trunk(self, events: Any) -> list[ColumnElement[bool]]:
        """Whether an event belongs to any of the branches."""
        column = getattr(events, self.each)
        return [*self.equal_in(events), *([begins_with(column, self.prefix)] if self.prefix else [])]

    def branch(self, events: Any, value: Any) -> ColumnElement[bool]:
        """Whether an event belongs to one branch; says no more than that, or SQLite takes another index."""
        return and_(*self.equal_in(events), getattr(events, self.each) == value)

    def equal_in(self, events: Any) -> list[ColumnElement[bool]]:
        """Whether an event has the equal columns."""
        return [getattr(events, name) == value for name, value in self.equal]

    @property
    def columns(self) -> set[str]:
        """The columns that every branch fixes."""
        return {self.each, *(name for name, _ in self.equal)}


def branch_values(branches: Branches, most: int | None = None) -> CTE:
    """The values of the branches, at most `most`, each found by one step into the index. The last may be NULL."""
    smallest = func.min(getattr(_FIRST, branches.each))
    found = select(smallest.label("value"), literal(1).label("number")).where(*branches.trunk(_FIRST))
    values = found.cte("branch_values", recursive=True)
    column = getattr(_NEXT, branches.each)
    # Not the whole condition of the trunk: of two lower bounds SQLite may take the one that is farther away.
    beyond = [*branches.equal_in(_NEXT), column > values.c.value, column < end_of(branches.prefix)]
    following = select(func.min(column)).where(*beyond).scalar_subquery()
    more = select(following, values.c.number + 1).where(values.c.value.is_not(None))
    return values.union_all(more if most is None else more.where(values.c.number < most))


def newest_in_branches(
    branches: Branches, wanted: EventFilter, after: Position | None, size: int
) -> Select[AuditEvent]:
    """The newest events of all branches, at most `size`."""
    ends = _ends(branches, wanted, after, size)
    ids = (
        select(_FOUND.id)
        .join(ends, and_(branches.branch(_FOUND, ends.c.value), _FOUND.at >= ends.c.since))
        .where(*conditions(_FOUND, wanted, after, branch=branches.columns, is_bounded=True))
        .order_by(_FOUND.at.desc(), _FOUND.id.desc())
        .limit(size)
    )
    return select(AuditEvent).where(AuditEvent.id.in_(ids))


def _ends(branches: Branches, wanted: EventFilter, after: Position | None, size: int) -> CTE:
    """For each branch the time of the last event that can be needed of it."""
    values = branch_values(branches)
    last = (
        select(_LAST.at)
        .where(branches.branch(_LAST, values.c.value), *conditions(_LAST, wanted, after, branch=branches.columns))
        .order_by(_LAST.at.desc())
        .offset(size - 1)
        .limit(1)
    )
    since = func.coalesce(last.scalar_subquery(), wanted.start or _LONG_AGO)
    ends = select(values.c.value, since.label("since")).where(values.c.value.is_not(None))
    if wanted.target and branches.each == "action":
        ends = ends.where(_has_target(values.c.value, wanted.target))
    return ends.cte("branch_ends")


def _has_target(action: Any, prefix: str) -> ColumnElement[bool]:
    """Whether the action ever happened to such a target: a branch without any would be walked for nothing."""
    return select(_ANY.id).where(_ANY.action == action, begins_with(_ANY.target, prefix)).exists()
