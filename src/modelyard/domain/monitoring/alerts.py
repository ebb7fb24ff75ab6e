"""What asks for somebody's attention: jobs that are stuck, models that expire, versions in quarantine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from modelyard.core.errors import NotFound
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.engines.tables import Situation
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.visibility import visible_to
from modelyard.domain.monitoring.picked_jobs import picked_jobs

MOST_OF_A_TYPE = 1_000
"""So many are listed; all are counted."""


Visible = Callable[[Any], ColumnElement[bool]]
"""The condition under which somebody may see a row."""
_OF_JOB = (
    *("id", "account_id", "team_id", "user_id", "project_id", "model_id", "model_name", "version"),
    *("total", "completed", "failed", "updated_at"),
)


_OWNER = aliased(Model, name="owner")


class AlertType(StrEnum):
    """Why attention is asked for. The first two are known to existing clients."""

    JOB_STUCK = "JOB_STUCK"
    MODEL_EXPIRATION = "MODEL_EXPIRATION"
    VERSION_QUARANTINED = "VERSION_QUARANTINED"


class AlertTypeUnknown(NotFound):
    """There are no such alerts."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There are no alerts of the type {name[:60]!r}; there are {', '.join(AlertType)}.")


@dataclass(frozen=True, slots=True)
class AlertRules:
    """When something asks for attention."""

    stuck_after: timedelta
    expires_within: timedelta


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing that asks for attention, and to whom it belongs."""

    type: AlertType
    subject: str
    """The identifier of a job or a model, the number of a version's row."""
    name: str
    reason: str
    since: datetime
    account_id: str
    team_id: str
    user_id: str
    project_id: str | None
    model_id: str
    version: str = ""


def alert_type(name: str) -> AlertType:
    """Raises AlertTypeUnknown."""
    try:
        return AlertType(name.upper())
    except ValueError:
        raise AlertTypeUnknown(name) from None


async def count_alerts(session: AsyncSession, actor: Actor, rules: AlertRules, now: datetime) -> dict[AlertType, int]:
    """How many there are of each type that concern what the actor may see."""
    require(actor, Permission.READ_JOBS)
    counts = {}
    for kind in AlertType:
        found = _find(kind, rules, now, _visible(kind, actor)).order_by(None).subquery()
        counts[kind] = await session.scalar(select(func.count()).select_from(found)) or 0
    return counts


async def list_alerts(
    session: AsyncSession,
    actor: Actor,
    kind: AlertType,
    rules: AlertRules,
    now: datetime,
) -> list[Alert]:
    """Those of a type that concern what the actor may see, the oldest first."""
    require(actor, Permission.READ_JOBS)
    rows = await session.execute(_find(kind, rules, now, _visible(kind, actor)).limit(MOST_OF_A_TYPE))
    return [_MAKERS[kind](row, now) for row in rows]


async def all_alerts(session: AsyncSession, rules: AlertRules, now: datetime) -> list[Alert]:
    """Everything, for the platform itself."""
    found: list[Alert] = []
    for kind in AlertType:
        rows = await session.execute(_find(kind, rules, now, lambda _: true()).limit(MOST_OF_A_TYPE))
        found += [_MAKERS[kind](row, now) for row in rows]
    return found


def _visible(kind: AlertType, actor: Actor) -> Visible:
    if kind == AlertType.JOB_STUCK:
        return lambda jobs: visible_jobs(actor, jobs=jobs)
    # Asked of each model that is looked at: together, all models that are visible would be collected first.
    visible = select(Model.id).where(visible_to(actor))
    return lambda models: visible.where(Model.id == models.id).correlate(models).exists()


def _find(kind: AlertType, rules: AlertRules, now: datetime, visible: Visible) -> Select[Any]:
    match kind:
        case AlertType.JOB_STUCK:
            silent = now - rules.stuck_after
            is_open = Job.status.in_((JobStatus.SUBMITTED, JobStatus.IN_PROGRESS))
            stuck = picked_jobs("stuck_jobs", is_open, Job.created_at <= silent, Job.updated_at <= silent)
            names = (getattr(stuck, name).label(name) for name in _OF_JOB)
            return select(*names).where(visible(stuck)).order_by(stuck.updated_at, stuck.id)
        case AlertType.MODEL_EXPIRATION:
            soon = _OWNER.expires_at <= now + rules.expires_within
            in_use = (_OWNER.deleted_at.is_(None), _OWNER.is_active)
            return select(_OWNER).where(soon, *in_use, visible(_OWNER)).order_by(_OWNER.expires_at, _OWNER.id)
        case AlertType.VERSION_QUARANTINED:
            found: Any = select(Situation, Version, _OWNER).join(Version, Version.id == Situation.version_id)
            found = found.join(_OWNER, _OWNER.id == Version.model_id).where(Situation.is_quarantine, visible(_OWNER))
            return cast("Select[Any]", found.order_by(Situation.since, Situation.version_id))


def _stuck(job: Any, now: datetime) -> Alert:
    minutes = (now - job.updated_at) // timedelta(minutes=1)
    done = f"{job.completed + job.failed} of {job.total} items have ended"
    return Alert(
        type=AlertType.JOB_STUCK,
        subject=job.id,
        name=f"{job.model_name} {job.version}",
        reason=f"Nothing has happened for {minutes} min; {done}.",
        since=job.updated_at,
        account_id=job.account_id,
        team_id=job.team_id,
        user_id=job.user_id,
        project_id=job.project_id,
        model_id=job.model_id,
        version=job.version,
    )


def _expiring(row: Any, now: datetime) -> Alert:
    model: Model = row.owner
    at = model.expires_at or now
    says = "It has expired and takes no jobs" if at <= now else f"It expires on {at:%Y-%m-%d} and takes no jobs then"
    return _of_model(model, AlertType.MODEL_EXPIRATION, model.id, model.name, f"{says}.", at)


def _quarantined(row: Any, _now: datetime) -> Alert:
    situation: Situation = row.Situation
    version: Version = row.Version
    name = f"{row.owner.name} {version.version}"
    subject = str(version.id)
    reason = situation.reason[:1].upper() + situation.reason[1:]
    return _of_model(row.owner, AlertType.VERSION_QUARANTINED, subject, name, reason, situation.since, version.version)


def _of_model(
    model: Model, kind: AlertType, subject: str, name: str, reason: str, since: datetime, version: str = ""
) -> Alert:
    owner = (model.account_id, model.team_id, model.created_by, None, model.id, version)
    return Alert(kind, subject, name, reason, since, *owner)


_MAKERS: dict[AlertType, Any] = {
    AlertType.JOB_STUCK: _stuck,
    AlertType.MODEL_EXPIRATION: _expiring,
    AlertType.VERSION_QUARANTINED: _quarantined,
}


def names_of(alerts: Sequence[Alert]) -> list[str]:
    """What clients list: the identifiers of jobs, the names of everything else."""
    return [alert.subject if alert.type == AlertType.JOB_STUCK else alert.name for alert in alerts]
