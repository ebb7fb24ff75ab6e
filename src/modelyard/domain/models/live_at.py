"""What was live at a moment: the statuses of a model's versions, and who saw the model, out of the audit trail."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.filters import begins_with
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.sharing import visibility_of
from modelyard.domain.models.tables import VersionStatus
from modelyard.domain.models.timeline import target_of

_STATUS_AFTER = {
    "model:version:activated": VersionStatus.ACTIVE,
    "model:version:deactivated": VersionStatus.INACTIVE,
}
_SHARED = "model:visibility-changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A value became another one."""

    at: datetime
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class VersionThen:
    """A version as it was at a moment."""

    version: str
    status: str
    active_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModelThen:
    """A model as it was at a moment; before it was created it had no versions, and nobody saw it."""

    at: datetime
    versions: tuple[VersionThen, ...]
    visibility: Mapping[str, Any] | None

    @property
    def live(self) -> list[str]:
        """The versions that answered jobs."""
        return [row.version for row in self.versions if row.status == VersionStatus.ACTIVE]


async def read_live_at(session: AsyncSession, actor: Actor, model_id: str, at: datetime) -> ModelThen:
    """The model as it was at a moment. Raises ModelNotFound."""
    model = await find_model(session, actor, model_id)
    changes = await _changes(session, model_id)
    versions = [
        version_then(row.version, changes[row.version], str(row.status), at)
        for row in model.versions
        if _as_recorded(row.created_at) <= at
    ]
    if _as_recorded(model.created_at) > at:
        return ModelThen(at, (), None)
    return ModelThen(at, tuple(versions), value_then(changes[""], visibility_of(model), at)[0])


def version_then(version: str, changes: Sequence[Change], status_now: str, at: datetime) -> VersionThen:
    """The version as it was, out of the changes of its status in their order."""
    status, since = value_then(changes, status_now, at)
    return VersionThen(version, status, since if status == VersionStatus.ACTIVE else None)


def value_then(changes: Sequence[Change], now: Any, at: datetime) -> tuple[Any, datetime | None]:
    """What a value was at a moment, and since when, where that is known.

    What happened before the oldest change that the audit trail still has is told by what that change found.
    """
    found, since = (changes[0].before if changes else now), None
    for change in changes:
        if change.at > at:
            break
        found, since = change.after, change.at
    return found, since


async def _changes(session: AsyncSession, model_id: str) -> defaultdict[str, list[Change]]:
    """The changes of status by version, those of visibility under the empty one; oldest first."""
    query = (
        select(AuditEvent)
        .where(begins_with(AuditEvent.target, target_of(model_id)), AuditEvent.action.in_([*_STATUS_AFTER, _SHARED]))
        .order_by(AuditEvent.at, AuditEvent.id)
    )
    changes: defaultdict[str, list[Change]] = defaultdict(list)
    for event in await session.scalars(query):
        if event.action == _SHARED:
            changes[""].append(Change(event.at, event.details["before"], event.details["after"]))
            continue
        known = changes[event.target.rpartition("/")[2]]
        known.append(Change(event.at, _status_before(event, known), _STATUS_AFTER[event.action].value))
    return changes


def _status_before(event: AuditEvent, known: Sequence[Change]) -> str:
    """What the event found; the oldest installations did not write it down."""
    if "before" in event.details:
        return str(event.details["before"]["status"])
    if event.action == "model:version:deactivated":
        return VersionStatus.ACTIVE.value
    return VersionStatus.INACTIVE.value if known else VersionStatus.PARTIAL.value


def _as_recorded(time: datetime) -> datetime:
    """The audit trail counts milliseconds."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
