"""Removes models and versions for good: their rows in one transaction, their files right after it.

Jobs that ran on them stay: they name model and version themselves.
"""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.domain.accounts.actor import Actor, RoleMissing, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.models.catalog import ModelNotFound, VersionNotFound
from modelyard.domain.models.locks import lock_model
from modelyard.domain.models.pictures import drop_pictures_of_model
from modelyard.domain.models.search.index import forget_model
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Model, TestInput, Version
from modelyard.domain.models.versions import TOPIC
from modelyard.domain.models.visibility import may_change, visible_to
from modelyard.domain.removal.delete import OnlyVersion, take_out
from modelyard.domain.removal.files import enqueue_removal
from modelyard.domain.removal.restore import restorable
from modelyard.domain.removal.rows import delete_with_dependents
from modelyard.domain.removal.under_way import require_no_jobs, require_nothing_runs
from modelyard.domain.version_tests.kept_outputs import kept_keys


async def remove_model(session: AsyncSession, clock: Clock, actor: Actor, model_id: str) -> None:
    """Removes a model with its versions, pictures and test files, and images that no other version has.

    Raises ModelNotFound, RoleMissing, JobsUnfinished, StillInUse.
    """
    model = await _find_removable(session, actor, model_id)
    query = select(Version).where(Version.model_id == model_id).order_by(Version.id)
    versions = list(await session.scalars(query.execution_options(populate_existing=True)))
    name = model.name
    await _remove_versions(session, clock, actor, versions)
    await drop_pictures_of_model(session, clock, model_id)
    await forget_model(session, model_id)
    await delete_with_dependents(session, cast("Table", Model.__table__), [model_id])
    numbers = [version.version for version in versions]
    record(session, clock, actor, "model:removed", f"model/{model_id}", name=name, versions=numbers)


async def remove_version(session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str) -> None:
    """The same for a version. Raises ModelNotFound, VersionNotFound, RoleMissing, OnlyVersion and as above."""
    await _find_removable(session, actor, model_id)
    query = select(Version).where(Version.model_id == model_id).execution_options(populate_existing=True)
    versions = list(await session.scalars(query))
    row = next((one for one in versions if one.version == version), None)
    if row is None:
        raise VersionNotFound(model_id, version)
    if all(one.deleted_at is not None or one is row for one in versions) and row.deleted_at is None:
        raise OnlyVersion(model_id, version)
    await _remove_versions(session, clock, actor, [row])
    record(session, clock, actor, "model:version:removed", f"model/{model_id}/{version}")
    await refresh_summary(session, model_id)


async def _find_removable(session: AsyncSession, actor: Actor, model_id: str) -> Model:
    """A model, deleted or not, that the actor may remove; locked. Raises ModelNotFound, RoleMissing."""
    require(actor, Permission.CHANGE_MODELS)
    await lock_model(session, model_id)
    query = select(Model).where(Model.id == model_id, or_(visible_to(actor), restorable(actor)))
    model = (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
    if model is None:
        raise ModelNotFound(model_id)
    if not may_change(actor, model, Permission.REMOVE_MODELS):
        raise RoleMissing(Permission.REMOVE_MODELS)
    return model


async def _remove_versions(session: AsyncSession, clock: Clock, actor: Actor, versions: Sequence[Version]) -> None:
    ids = [version.id for version in versions]
    await require_no_jobs(session, actor, ids)
    await require_nothing_runs(session, ids)
    for version in versions:
        take_out(session, clock, actor, version)
    await session.flush()
    files = list(await session.scalars(select(TestInput.storage_key).where(TestInput.version_id.in_(ids))))
    files += await kept_keys(session, ids)
    images = {version.image_id for version in versions if version.image_id is not None}
    for version in versions:
        session.expunge(version)
    await delete_with_dependents(session, cast("Table", Version.__table__), ids)
    unused = await _remove_unused_images(session, images)
    enqueue_removal(session, clock, keys=files, images=unused)
    ring_after_commit(session, TOPIC)


async def _remove_unused_images(session: AsyncSession, candidates: set[str]) -> dict[str, str | None]:
    """Removes the rows of images that no version has any more; returns what the runtime calls them, by our names."""
    used = select(Version.image_id).where(Version.image_id.is_not(None))
    query = select(ContainerImage.id, ContainerImage.image_id).where(
        ContainerImage.id.in_(candidates), ContainerImage.id.not_in(used)
    )
    unused = {row.id: row.image_id for row in await session.execute(query)}
    await delete_with_dependents(session, cast("Table", ContainerImage.__table__), list(unused))
    return unused
