"""How much was done in a period: by day, by person and by model, as far as the actor may see it."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, case, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.accounts.tables import User
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.domain.monitoring.daily_use import day_of, ended_since, read_mark
from modelyard.domain.monitoring.periods import Period, percentage_of_change
from modelyard.domain.monitoring.picked_jobs import picked_jobs
from modelyard.domain.monitoring.tables import UseDay

MOST_RANKED = 100
"""A ranking names no more."""
_SUMS = ("jobs", "predictions", "failures", "input_bytes", "elapsed_ms")


@dataclass(frozen=True, slots=True)
class UseFilter:
    """Whose uses count; empty for all that the actor sees."""

    user_id: str = ""
    key_prefix: str = ""
    model_id: str = ""
    team_id: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number in a period, in the period before, and on each day of the period."""

    recent: int
    previous: int
    days: list[tuple[str, int]]

    @property
    def percentage(self) -> float:
        """By how many percent it has grown."""
        return percentage_of_change(self.recent, self.previous)


@dataclass(frozen=True, slots=True)
class Uses:
    """What was done: numbers of jobs, of items with a result, of items with an error, and bytes of inputs."""

    jobs: Measured
    predictions: Measured
    failures: Measured
    input_bytes: Measured


@dataclass(frozen=True, slots=True)
class UserRank:
    """How much somebody did. Time in milliseconds for which models worked."""

    user_id: str
    first_name: str
    last_name: str
    email: str
    elapsed_ms: int
    jobs: int


@dataclass(frozen=True, slots=True)
class ModelRank:
    """How much a version did. Time in milliseconds for which it worked."""

    model_id: str
    name: str
    version: str
    elapsed_ms: int
    jobs: int


async def read_uses(session: AsyncSession, actor: Actor, period: Period, wanted: UseFilter, now: datetime) -> Uses:
    """Sums of the period and of the one before; days without any are 0. Jobs that run count as of today."""
    uses = await _uses(session, actor, Period(period.before.begin, period.end), wanted, now)
    names = _SUMS[:-1]
    sums = [func.sum(uses.c[name]) for name in names]
    found = {row[0]: row[1:] for row in await session.execute(select(uses.c.day, *sums).group_by(uses.c.day))}
    by_name: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for day, values in found.items():
        for name, value in zip(names, values, strict=True):
            by_name[name][day] = int(value)
    return Uses(**{name: _measured(by_name[name], period) for name in names})


def _measured(values: dict[str, int], period: Period) -> Measured:
    days = [(day, values.get(day, 0)) for day in period.days()]
    return Measured(sum(value for _, value in days), sum(values.get(day, 0) for day in period.before.days()), days)


@dataclass(frozen=True, slots=True)
class Active:
    """How many different users and versions had jobs."""

    users: Measured
    versions: Measured


async def count_active(session: AsyncSession, actor: Actor, period: Period, wanted: UseFilter, now: datetime) -> Active:
    """In the period and in the one before; whoever was active on several days counts once, and once on each day."""
    uses = await _uses(session, actor, Period(period.before.begin, period.end), wanted, now)
    whose = (uses.c.user_id, uses.c.version_id)
    by_day = select(uses.c.day, *(func.count(column.distinct()) for column in whose)).group_by(uses.c.day)
    days = {row[0]: row[1:] for row in await session.execute(by_day)}
    is_recent = uses.c.day >= period.begin.isoformat()
    in_all = [func.count(case((which, column)).distinct()) for column in whose for which in (is_recent, ~is_recent)]
    numbers = (await session.execute(select(*in_all))).one()
    return Active(
        *(
            Measured(
                numbers[2 * place],
                numbers[2 * place + 1],
                [(day, days[day][place] if day in days else 0) for day in period.days()],
            )
            for place in range(len(whose))
        )
    )


async def rank_users(
    session: AsyncSession, actor: Actor, period: Period, wanted: UseFilter, now: datetime, *, most: int = MOST_RANKED
) -> list[UserRank]:
    """Who used models for the longest time comes first."""
    uses = await _uses(session, actor, period, wanted, now)
    sums = _time_and_jobs(uses)
    ranked = select(uses.c.user_id, *sums).group_by(uses.c.user_id).order_by(sums[0].desc(), uses.c.user_id).limit(most)
    rows = (await session.execute(ranked)).all()
    people = select(User.id, User.first_name, User.last_name, User.email).where(User.id.in_([row[0] for row in rows]))
    known = {row[0]: row[1:] for row in await session.execute(people)}
    return [UserRank(who, *known.get(who, ("", "", "")), int(elapsed), int(jobs)) for who, elapsed, jobs in rows]


async def rank_models(
    session: AsyncSession, actor: Actor, period: Period, wanted: UseFilter, now: datetime, *, most: int = MOST_RANKED
) -> list[ModelRank]:
    """The version that worked for the longest time comes first."""
    uses = await _uses(session, actor, period, wanted, now)
    sums = _time_and_jobs(uses)
    ranked = (
        select(uses.c.model_id, func.max(uses.c.model_name), uses.c.version, *sums)
        .group_by(uses.c.model_id, uses.c.version)
        .order_by(sums[0].desc(), uses.c.model_id, uses.c.version)
        .limit(most)
    )
    return [
        ModelRank(model_id, name, version, int(elapsed), int(jobs))
        for model_id, name, version, elapsed, jobs in await session.execute(ranked)
    ]


def _time_and_jobs(uses: Subquery) -> list[Any]:
    return [func.sum(uses.c.elapsed_ms), func.sum(uses.c.jobs)]


async def _uses(session: AsyncSession, actor: Actor, period: Period, wanted: UseFilter, now: datetime) -> Subquery:
    """Rows to add up: those of days that are counted, jobs that ended since, and jobs that run."""
    require(actor, Permission.READ_JOBS)
    counted = select(UseDay.day, *_named(UseDay), *(getattr(UseDay, name) for name in _SUMS)).where(
        UseDay.day >= period.begin.isoformat(), UseDay.day <= period.end.isoformat(), *_chosen(actor, wanted, UseDay)
    )
    since = (*ended_since(await read_mark(session)), Job.finished_at >= period.start, Job.finished_at < period.stop)
    ended = picked_jobs("ended_jobs", *since)
    parts = [counted, _of_jobs(actor, wanted, ended, day_of(session, ended.finished_at))]
    if period.start <= now < period.stop:
        running = picked_jobs("running_jobs", Job.status == JobStatus.IN_PROGRESS)
        parts.append(_of_jobs(actor, wanted, running, literal(now.date().isoformat())))
    return union_all(*parts).subquery()


def _of_jobs(actor: Actor, wanted: UseFilter, jobs: Any, day: Any) -> Select[Any]:
    sums = (literal(1), jobs.completed, jobs.failed, jobs.input_bytes, jobs.total_latency_ms)
    return select(day.label("day"), *_named(jobs), *sums).where(*_chosen(actor, wanted, jobs))


def _named(rows: Any) -> tuple[Any, ...]:
    return rows.user_id, rows.version_id, rows.model_id, rows.model_name, rows.version


def _chosen(actor: Actor, wanted: UseFilter, rows: Any) -> list[Any]:
    columns = (
        (rows.user_id, wanted.user_id),
        (rows.key_prefix, wanted.key_prefix),
        (rows.model_id, wanted.model_id),
        (rows.team_id, wanted.team_id),
        (rows.version, wanted.version),
    )
    return [visible_jobs(actor, jobs=rows), *(column == value for column, value in columns if value)]
