"""Finds what was deleted, and brings it back with all that hangs off it."""

from typing import Any

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict
from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.models.catalog import (
    WHOLE_MODEL,
    find_model,
    find_model_to_change,
    find_version,
    find_version_to_change,
)
from modelyard.domain.models.locks import lock_model
from modelyard.domain.models.metadata import check_model_name
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.visibility import may_change, models_within, visible_to


class NotDeleted(Conflict):
    """There is nothing to restore."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not deleted, so there is nothing to restore.")


class NameInUse(Conflict):
    """Another model is called like the deleted one by now."""

    def __init__(self, name: str, other: str | None) -> None:
        which = f"the model {other}" if other else "a model that you may not see"
        super().__init__(
            f"The name {name!r} belongs to {which} of the account by now; "
            'restore under another name with {"name": "…"}, or rename that one before.'
        )


def restorable(actor: Actor) -> ColumnElement[bool]:
    """The condition under which the actor may see a deleted row of `models`: whoever may change it."""
    return and_(Model.deleted_at.is_not(None), models_within(actor, Permission.CHANGE_MODELS))


async def list_deleted_models(session: AsyncSession, actor: Actor, page: Page) -> Found[Model]:
    """The deleted models that the actor may restore, the last deleted first."""
    require(actor, Permission.CHANGE_MODELS)
    query = select(Model).where(restorable(actor)).order_by(Model.deleted_at.desc(), Model.id).options(*WHOLE_MODEL)
    return await _one_page(session, query, page)


async def list_deleted_versions(session: AsyncSession, actor: Actor, model_id: str, page: Page) -> Found[Version]:
    """The deleted versions of a model that the actor may restore, the lowest number first. Raises ModelNotFound."""
    require(actor, Permission.CHANGE_MODELS)
    model = await find_model(session, actor, model_id)
    own = true() if may_change(actor, model) else Version.created_by == actor.user_id
    query = select(Version).where(Version.model_id == model_id, Version.deleted_at.is_not(None), own)
    return await _one_page(session, query.order_by(Version.order_key), page)


async def restore_model(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, *, name: str | None = None
) -> Model:
    """Brings a model back; its versions are as they were, but not active.

    Args:
        name: what to call it from now on; None leaves its name.

    Raises ModelNotFound, NotDeleted, NameInUse, MetadataRejected.
    """
    require(actor, Permission.CHANGE_MODELS)
    await lock_model(session, model_id)
    model = (await session.scalars(select(Model).where(Model.id == model_id, restorable(actor)))).one_or_none()
    if model is None:
        await find_model_to_change(session, actor, model_id)
        raise NotDeleted(f"The model {model_id}")
    model.name = model.name if name is None else check_model_name(name)
    await _require_free_name(session, actor, model)
    _unmark(clock, model)
    record(session, clock, actor, "model:restored", f"model/{model_id}", name=model.name)
    await refresh_summary(session, model_id)
    # Not through `find_model`: who restores it need not be among those who see it.
    query = select(Model).where(Model.id == model_id).options(*WHOLE_MODEL)
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


async def restore_version(session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str) -> Version:
    """Brings a version back, as it was but not active. Raises ModelNotFound, VersionNotFound, NotDeleted."""
    require(actor, Permission.CHANGE_MODELS)
    await lock_model(session, model_id)
    model = await find_model(session, actor, model_id)
    own = true() if may_change(actor, model) else Version.created_by == actor.user_id
    query = select(Version).where(Version.model_id == model_id, Version.version == version, own)
    row = (await session.scalars(query.where(Version.deleted_at.is_not(None)))).one_or_none()
    if row is None:
        await find_version_to_change(session, actor, model_id, version)
        raise NotDeleted(f"The version {version} of the model {model_id}")
    _unmark(clock, row)
    record(session, clock, actor, "model:version:restored", f"model/{model_id}/{version}")
    await refresh_summary(session, model_id)
    session.expire_all()
    return await find_version(session, actor, model_id, version)


def _unmark(clock: Clock, row: Model | Version) -> None:
    row.deleted_at = row.deleted_by = None
    row.updated_at = clock.now()


async def _require_free_name(session: AsyncSession, actor: Actor, model: Model) -> None:
    """Models may share a name when people say so; but clients look models up by it, and know the newer one."""
    same = (Model.account_id == model.account_id, Model.name_key == model.name_key, Model.deleted_at.is_(None))
    if await session.scalar(select(Model.id).where(*same).limit(1)) is not None:
        seen = select(Model.id).where(*same, visible_to(actor)).order_by(Model.id).limit(1)
        raise NameInUse(model.name, await session.scalar(seen))


async def _one_page(session: AsyncSession, query: Any, page: Page) -> Found[Any]:
    return one_page((await session.scalars(paged(query, page))).all(), page)
