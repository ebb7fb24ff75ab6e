"""Lists of versions: those of one model, and those of all."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, load_only

from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import WHOLE_MODEL, ModelNotFound
from modelyard.domain.models.filters import VersionFilter, version_conditions
from modelyard.domain.models.orders import VERSION_ORDERS, order_by
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.visibility import visible_to

_SHORT = load_only(Version.model_id, Version.version, Version.order_key, Version.status)


async def list_versions(
    session: AsyncSession, now: datetime, actor: Actor, model_id: str, wanted: VersionFilter, page: Page, sort: Sort
) -> Found[Version]:
    """The versions of a model, without an order the lowest number first. Raises ModelNotFound."""
    require(actor, Permission.READ_MODELS)
    query = select(Version).join(Version.model)
    query = (
        _narrowed(query, now, actor, wanted, sort, Version.order_key)
        .where(Version.model_id == model_id)
        .options(_SHORT)
    )
    found = await _one_page(session, query, page)
    if not found.entries and await _is_hidden(session, actor, model_id):
        raise ModelNotFound(model_id)
    return found


async def list_all_versions(
    session: AsyncSession, now: datetime, actor: Actor, wanted: VersionFilter, page: Page, sort: Sort
) -> Found[Version]:
    """The versions of all models that the actor may see, with their models; without an order by model and number."""
    require(actor, Permission.READ_MODELS)
    query = select(Version).join(Version.model)
    query = _narrowed(query, now, actor, wanted, sort, Version.model_id, Version.order_key).options(
        joinedload(Version.image),
        joinedload(Version.requirement),
        contains_eager(Version.model).options(*WHOLE_MODEL),
    )
    return await _one_page(session, query, page)


def _narrowed(
    query: Select[Any], now: datetime, actor: Actor, wanted: VersionFilter, sort: Sort, *default: Any
) -> Select[Any]:
    last = [Version.id] if sort.fields else [*default[1:], Version.id]
    order = order_by(VERSION_ORDERS, sort, now, default=default[0], last=last)
    conditions = version_conditions(wanted, now)
    return query.where(visible_to(actor), Version.deleted_at.is_(None), *conditions).order_by(*order)


async def _one_page(session: AsyncSession, query: Select[Any], page: Page) -> Found[Version]:
    return one_page((await session.scalars(paged(query, page))).all(), page)


async def _is_hidden(session: AsyncSession, actor: Actor, model_id: str) -> bool:
    return await session.scalar(select(Model.id).where(Model.id == model_id, visible_to(actor))) is None
