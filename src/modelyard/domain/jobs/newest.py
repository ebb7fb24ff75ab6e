"""Finds the newest jobs of a filter by walking only branches of an index that are in the order of time.

An index over (user, time) has a branch for each user. The newest jobs of some users are among the newest of each of
their branches: so few or old jobs are found without looking at all that came later.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from modelyard.core.paging import Page
from modelyard.domain.jobs.job_filters import JobFilter, conditions, contains, has_identifier, keys_like, users_like
from modelyard.domain.jobs.pairs import find_pairs
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job

MOST_ROWS = 1_100
"""Pages that end beyond are found by walking over all jobs."""
MOST_WALKS = 8
"""So few branches are walked one by one, each from its end to the last job that is wanted."""
MANY_JOBS = 20_000
"""Branches that hold more are not counted any further."""
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_NAMES = ("found_job", "last_job", "first_value", "next_value", "sample_job", "job_of_sample")
_FOUND, _LAST, _FIRST, _NEXT, _SAMPLE, _OF_SAMPLE = (aliased(Job, name=name) for name in _NAMES)
Conditions = Callable[[Any], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True, slots=True)
class Branches:
    """Some branches of the index over a column and the time.

    Args:
        values: selects the values of the column, as `value`.
        fixes: the members of the filter that hold for all jobs of the branches.
    """

    column: str
    values: Select[Any]
    fixes: tuple[str, ...]


class Unindexed:
    """Columns of `jobs` that no index serves: whoever walks one branch must not be led to another index."""

    def __init__(self, jobs: Any) -> None:
        self._jobs = jobs

    def __getattr__(self, name: str) -> Any:
        column = getattr(self._jobs, name)
        return column.concat("") if name in _OF_TEXT else column


_OF_VERSION = ("model_identifier", "model_version")
_OF_TEXT = {"user_id", "key_prefix", "model_name", "model_id", "version", "project_id", "status"}


def _only_failures(wanted: JobFilter) -> JobFilter:
    return JobFilter(wanted.statuses, with_failures_only=True, start=wanted.start, end=wanted.end)


async def newest_jobs(session: AsyncSession, wanted: JobFilter, visible: Conditions, page: Page) -> list[str] | None:
    """Identifiers of the jobs of a page, newest first, and of one more when another page follows.

    None when there is no better way than to look at all jobs, the newest first.

    Args:
        visible: what else the jobs have to satisfy, of an alias of `jobs`.
    """
    if not wanted.statuses:
        return []
    if wanted.with_failures_only and wanted == _only_failures(wanted):
        return None  # of the jobs of most statuses few have failures, of all jobs more
    size = MOST_ROWS + 1 if page.size is None else page.offset + page.size + 1
    if size > MOST_ROWS or (not (ways := branches_of(wanted)) and not wanted.search):
        return None

    def beside(fixed: Sequence[str]) -> Conditions:
        """What a branch does not say by itself; saying it again would lead the database to another index."""
        changes: dict[str, Any] = {name: tuple(JobStatus) if name == "statuses" else "" for name in fixed}
        rest = replace(wanted, **changes) if ways else replace(wanted, search="")
        return lambda jobs: [*visible(jobs), *conditions(rest, Unindexed(jobs))]

    pairs = await _pairs_of(session, wanted)
    if pairs is not None and not pairs:
        return []
    if pairs and len(pairs) <= MOST_WALKS:
        others = beside(("user", *_OF_VERSION))
        statements: list[Any] = [newest_of({"user_id": user, "version_id": it}, others, size) for user, it in pairs]
    elif ways:
        branches, _ = await choose(session, ways)
        values = (await session.scalars(branches.values.limit(MOST_WALKS + 1))).all()
        others = beside(branches.fixes)
        is_few = len(values) <= MOST_WALKS
        each = [newest_of({branches.column: value}, others, size) for value in set(values) if value is not None]
        statements = each if is_few else [newest_in(branches, others, size)]
    else:
        statements = [newest_in(branches, beside(()), size) for branches in branches_of_search(wanted.search)]
        found = select(_FOUND.id, _FOUND.created_at).where(has_identifier(wanted.search, _FOUND), *beside(())(_FOUND))
        statements.append(found.order_by(_FOUND.created_at.desc(), _FOUND.id).limit(size))
    rows: dict[str, datetime] = {}
    for statement in statements:
        rows |= {job_id: at for job_id, at in await session.execute(statement)}  # noqa: C416 - rows are no pairs
    newest = sorted(rows, key=lambda job_id: (-rows[job_id].timestamp(), job_id))
    return newest[page.offset : size]


def branches_of(wanted: JobFilter) -> list[Branches]:
    """Every way in which the jobs of a filter can be found; none when it names nothing that has an index."""
    found = []
    if wanted.user:
        found.append(_of_users(wanted.user))
    if wanted.access_key:
        found.append(_of_keys(wanted.access_key))
    if wanted.model:
        found.append(_of_names(wanted.model))
    if wanted.model_identifier or wanted.model_version:
        found.append(_of_versions(wanted.model_identifier, wanted.model_version))
    if wanted.project:
        found.append(Branches("project_id", select(literal(wanted.project).label("value")), ("project",)))
    if set(wanted.statuses) != set(JobStatus):
        found.append(_of_statuses(wanted.statuses))
    return found


def branches_of_search(text: str) -> list[Branches]:
    """The ways to what a search can mean, but for the identifier of a job; each leads to a part of it."""
    return [_of_users(text), _of_keys(text), _of_names(text)]


def newest_of(branch: Mapping[str, Any], others: Conditions, size: int) -> Select[Any]:
    """Identifiers and times of the newest jobs of one branch: those whose columns have these values."""
    is_in_branch = [getattr(_FOUND, column) == value for column, value in branch.items()]
    found: Any = select(_FOUND.id, _FOUND.created_at).where(*is_in_branch, *others(_FOUND))
    newest: Select[Any] = found.order_by(_FOUND.created_at.desc(), _FOUND.id).limit(size)
    return newest


async def _pairs_of(session: AsyncSession, wanted: JobFilter) -> Sequence[tuple[str, int]] | None:
    if not wanted.user or not (wanted.model_identifier or wanted.model_version):
        return None
    versions = _of_versions(wanted.model_identifier, wanted.model_version)
    return await find_pairs(session, users_like(wanted.user), versions.values)


def newest_in(branches: Branches, others: Conditions, size: int) -> Select[Any]:
    """Identifiers and times of the newest jobs of all branches, at most `size`.

    Args:
        others: what else the jobs have to satisfy, of an alias of `jobs`.
    """
    last = (
        select(_LAST.created_at)
        .where(getattr(_LAST, branches.column) == (values := branches.values.subquery()).c.value, *others(_LAST))
        .order_by(_LAST.created_at.desc())
        .offset(size - 1)
        .limit(1)
    )
    since = func.coalesce(last.scalar_subquery(), _LONG_AGO)
    ends = (
        select(values.c.value, since.label("since"))
        .where(values.c.value.is_not(None))
        .cte("branch_ends")
        .prefix_with("MATERIALIZED")
    )
    is_in_branch = and_(getattr(_FOUND, branches.column) == ends.c.value, _FOUND.created_at >= ends.c.since)
    found: Any = select(_FOUND.id, _FOUND.created_at).join(ends, is_in_branch).where(*others(_FOUND))
    newest: Select[Any] = found.order_by(_FOUND.created_at.desc(), _FOUND.id).limit(size)
    return newest


async def choose(session: AsyncSession, ways: Sequence[Branches]) -> tuple[Branches, int]:
    """The way that leads past the fewest jobs, and past how many, at most MANY_JOBS."""
    counted: list[tuple[Branches, int]] = []
    for branches in ways:
        column = getattr(_FOUND, branches.column)
        some = select(column).where(column.in_(branches.values)).limit(MANY_JOBS).subquery()
        counted.append((branches, await session.scalar(select(func.count()).select_from(some)) or 0))
        if not counted[-1][1]:
            break
    return min(counted, key=lambda each: each[1])


def _of_users(text: str) -> Branches:
    return Branches("user_id", users_like(text), ("user",))


def _of_keys(text: str) -> Branches:
    return Branches("key_prefix", keys_like(text), ("access_key",))


def _of_names(text: str) -> Branches:
    names = _values_of("model_name")
    return Branches("model_name", select(names.c.value).where(contains(names.c.value, text)), ("model",))


def _of_versions(model_id: str, version: str) -> Branches:
    """All jobs of a version have the same model and number."""
    numbers = _values_of("version_id")
    sample = select(_SAMPLE.id).where(_SAMPLE.version_id == numbers.c.value).order_by(_SAMPLE.created_at).limit(1)
    sample = sample.correlate(numbers)  # two levels further out, where nobody looks unless told so
    wanted = [
        *([_OF_SAMPLE.model_id == model_id] if model_id else []),
        *([_OF_SAMPLE.version == version] if version else []),
    ]
    of_these = select(_OF_SAMPLE.id).where(_OF_SAMPLE.id == sample.scalar_subquery(), *wanted).exists()
    return Branches("version_id", select(numbers.c.value).where(numbers.c.value.is_not(None), of_these), _OF_VERSION)


def _of_statuses(statuses: Sequence[JobStatus]) -> Branches:
    words = [select(literal(str(status)).label("value")) for status in statuses]
    return Branches("status", select(union_all(*words).subquery().c.value), ("statuses",))


def _values_of(column: str) -> CTE:
    """The values of a column, each found by one step into its index. The last is NULL."""
    values = select(func.min(getattr(_FIRST, column)).label("value")).cte(f"values_of_{column}", recursive=True)
    following = select(func.min(getattr(_NEXT, column))).where(getattr(_NEXT, column) > values.c.value)
    return values.union_all(select(following.scalar_subquery()).where(values.c.value.is_not(None)))
