"""Takes versions into service and out of it."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.record import record
from modelyard.domain.models.approvals import forget_request, is_approved, withdraw
from modelyard.domain.models.card_schemas import card_gaps
from modelyard.domain.models.lifecycle import move, require_move
from modelyard.domain.models.tables import Version, VersionStatus
from modelyard.domain.models.version_diff import activation_warnings


class StatusUnknown(InvalidInput):
    """Nobody can ask for this status."""

    def __init__(self, status: str) -> None:
        super().__init__(f"A version cannot be made {status[:40]!r}; its status can be set to 'active' or 'inactive'.")


async def enter_status(session: AsyncSession, clock: Clock, actor: Actor, row: Version, status: str) -> None:
    """Brings a version into a status that somebody wants; one that has to be approved before stays as it is.

    Raises StatusUnknown, TransitionForbidden, StepsMissing.
    """
    wanted = status.strip().lower()
    if wanted == VersionStatus.ACTIVE:
        gaps = [f"step 14, {gap}" for gap in await card_gaps(session, row)]
        if require_move(row, VersionStatus.ACTIVE, gaps) and await is_approved(session, clock, actor, row):
            await activate(session, clock, actor, row)
    elif wanted == VersionStatus.INACTIVE:
        deactivate(session, clock, actor, row)
    else:
        raise StatusUnknown(status)


async def activate(session: AsyncSession, clock: Clock, actor: Actor, row: Version) -> None:
    """Makes a version active; the audit row tells whom that breaks. Raises TransitionForbidden, StepsMissing."""
    warnings = await activation_warnings(session, row)
    _move(session, clock, actor, row, VersionStatus.ACTIVE, "activated", **({"warnings": warnings} if warnings else {}))


def deactivate(session: AsyncSession, clock: Clock, actor: Actor, row: Version, **details: Any) -> None:
    """Makes a version inactive; of one that only waits for approval, the request is withdrawn.

    What was approved stays so: the way back needs no new approval. Raises TransitionForbidden.
    """
    if row.approval_asked_at is not None and row.status != VersionStatus.ACTIVE:
        withdraw(session, clock, actor, row)
        return
    _move(session, clock, actor, row, VersionStatus.INACTIVE, "deactivated", **details)
    forget_request(row)


def _move(
    session: AsyncSession, clock: Clock, actor: Actor, row: Version, wanted: VersionStatus, verb: str, **details: Any
) -> None:
    before = row.status
    if not move(row, wanted):
        return
    row.updated_at = clock.now()
    values = {"before": {"status": str(before)}, "after": {"status": str(wanted)}}
    target = f"model/{row.model_id}/{row.version}"
    record(session, clock, actor, f"model:version:{verb}", target, **values, **details)
