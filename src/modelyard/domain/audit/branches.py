"""Finds the newest of many events by walking only branches of an index that are in the order of time.

An index over (user, account, action, time) has a branch for each action of a user. The newest events are among the
newest of each branch, and there are few branches: so no filter has to look at all events to find few, or none.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, select
from sqlalchemy.orm import aliased

from modelyard.domain.audit.filters import EventFilter, Position, begins_with, conditions, end_of
from modelyard.domain.audit.tables import AuditEvent

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


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
    first, next_one = aliased(AuditEvent), aliased(AuditEvent)
    smallest = func.min(getattr(first, branches.each))
    found = select(smallest.label("value"), literal(1).label("number")).where(*branches.trunk(first))
    values = found.cte("branch_values", recursive=True)
    column = getattr(next_one, branches.each)
    # Not the whole condition of the trunk: of two lower bounds SQLite may take the one that is farther away.
    beyond = [*branches.equal_in(next_one), column > values.c.value, column < end_of(branches.prefix)]
    following = select(func.min(column)).where(*beyond).scalar_subquery()
    more = select(following, values.c.number + 1).where(values.c.value.is_not(None))
    return values.union_all(more if most is None else more.where(values.c.number < most))


def newest_in_branches(
    branches: Branches, wanted: EventFilter, after: Position | None, size: int
) -> Select[AuditEvent]:
    """The newest events of all branches, at most `size`."""
    ends = _ends(branches, wanted, after, size)
    events = aliased(AuditEvent)
    ids = (
        select(events.id)
        .join(ends, and_(branches.branch(events, ends.c.value), events.at >= ends.c.since))
        .where(*conditions(events, wanted, after, branch=branches.columns, is_bounded=True))
        .order_by(events.at.desc(), events.id.desc())
        .limit(size)
    )
    return select(AuditEvent).where(AuditEvent.id.in_(ids))


def _ends(branches: Branches, wanted: EventFilter, after: Position | None, size: int) -> CTE:
    """For each branch the time of the last event that can be needed of it."""
    values = branch_values(branches)
    events = aliased(AuditEvent)
    last = (
        select(events.at)
        .where(branches.branch(events, values.c.value), *conditions(events, wanted, after, branch=branches.columns))
        .order_by(events.at.desc())
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
    events = aliased(AuditEvent)
    return select(events.id).where(events.action == action, begins_with(events.target, prefix)).exists()
