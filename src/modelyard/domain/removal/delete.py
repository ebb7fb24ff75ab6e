"""Deletes models and versions so that nobody finds them any more; `restore.py` is the way back."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.models.activation import deactivate
from modelyard.domain.models.catalog import find_model_to_change, find_version_to_change
from modelyard.domain.models.locks import lock_model
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Model, Version, VersionStatus
from modelyard.domain.models.versions import TOPIC
from modelyard.domain.removal.under_way import require_no_jobs


class OnlyVersion(Conflict):
    """A model without versions is of no use."""

    def __init__(self, model_id: str, version: str) -> None:
        super().__init__(
            f"{version} is the only version of the model {model_id}; delete the model, or add another version before."
        )


async def delete_model(session: AsyncSession, clock: Clock, actor: Actor, model_id: str) -> None:
    """Takes a model out of service and out of sight, with all that hangs off it.

    Raises ModelNotFound, NotYourModel, JobsUnfinished.
    """
    require(actor, Permission.CHANGE_MODELS)
    await lock_model(session, model_id)
    model = await find_model_to_change(session, actor, model_id)
    query = select(Version).where(Version.model_id == model_id, Version.deleted_at.is_(None)).order_by(Version.id)
    versions = list(await session.scalars(query.execution_options(populate_existing=True)))
    await require_no_jobs(session, actor, [version.id for version in versions])
    for version in versions:
        take_out(session, clock, actor, version)
    _mark(clock, actor, model)
    numbers = [version.version for version in versions]
    record(session, clock, actor, "model:deleted", f"model/{model_id}", name=model.name, versions=numbers)
    await refresh_summary(session, model_id)
    ring_after_commit(session, TOPIC)


async def delete_version(session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str) -> None:
    """The same for a version, unless it is the only one.

    Raises ModelNotFound, VersionNotFound, NotYourModel, OnlyVersion, JobsUnfinished.
    """
    require(actor, Permission.CHANGE_MODELS)
    await lock_model(session, model_id)
    row = await find_version_to_change(session, actor, model_id, version)
    require_another(row)
    await require_no_jobs(session, actor, [row.id])
    take_out(session, clock, actor, row)
    _mark(clock, actor, row)
    record(session, clock, actor, "model:version:deleted", f"model/{model_id}/{version}")
    await refresh_summary(session, model_id)
    ring_after_commit(session, TOPIC)


def require_another(row: Version) -> None:
    """Raises OnlyVersion when the model would have none left; its versions have to be loaded."""
    if all(other.version == row.version for other in row.model.versions):
        raise OnlyVersion(row.model_id, row.version)


def take_out(session: AsyncSession, clock: Clock, actor: Actor, row: Version) -> None:
    """Out of service, and out of the hands of approvers; the engines stop by themselves."""
    if row.status == VersionStatus.ACTIVE or row.approval_asked_at is not None:
        deactivate(session, clock, actor, row, because="deleted")


def _mark(clock: Clock, actor: Actor, row: Model | Version) -> None:
    row.deleted_at = row.updated_at = clock.now()
    row.deleted_by = actor.email
