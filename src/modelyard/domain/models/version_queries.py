"""Lists of versions: those of one model, and those of all."""

import operator
from datetime import datetime
from functools import reduce
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, joinedload, load_only

from modelyard.core.listing import one_page, paged, within_budget
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.models.catalog import WHOLE_MODEL, ModelNotFound
from modelyard.domain.models.filters import VersionFilter, version_conditions
from modelyard.domain.models.orders import VERSION_ORDERS, order_by
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.visibility import visible_to

MOST_CHARACTERS = 32_000_000
"""Of the texts of versions and images in one answer, which may have a thousand versions with megabytes each."""
_TEXTS: tuple[Any, ...] = (
    *(Version.long_description, Version.technical_details, Version.performance_summary, Version.version_history),
    *(Version.input_validation_schema, Model.description, ContainerImage.technical_information, ContainerImage.error),
)
_LISTS: tuple[Any, ...] = (
    *(Version.inputs, Version.outputs, Version.statistics, Version.sample_input, Version.sample_output),
    ContainerImage.labels,
)
_CHARACTERS: ColumnElement[int] = reduce(
    operator.add,
    [func.coalesce(func.length(text), 0) for text in (*_TEXTS, *(cast(each, Text) for each in _LISTS))],
).label("size")
_WHOLE = (
    joinedload(Version.image),
    joinedload(Version.requirement),
    contains_eager(Version.model).options(*WHOLE_MODEL),
)
_Query = TypeVar("_Query", bound=Select[*tuple[Any, ...]])
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
    """The versions of all models that the actor may see, with their models; without an order by model and number.

    So many as fit into one answer, which is known before their texts are read. Raises PageTooLarge.
    """
    require(actor, Permission.READ_MODELS)
    query = select(Version.id, _CHARACTERS).join(Version.model).outerjoin(Version.image)
    query = _narrowed(query, now, actor, wanted, sort, Version.model_id, Version.order_key)
    rows = (await session.execute(paged(query, page))).all()
    fitting = within_budget([row.size for row in rows], page, MOST_CHARACTERS)
    whole = select(Version).join(Version.model).options(*_WHOLE)
    identifiers = [row.id for row in rows[:fitting]]
    found = {version.id: version for version in await session.scalars(whole.where(Version.id.in_(identifiers)))}
    return Found([found[each] for each in identifiers], has_next=len(rows) > fitting)


def _narrowed(query: _Query, now: datetime, actor: Actor, wanted: VersionFilter, sort: Sort, *default: Any) -> _Query:
    last = [Version.id] if sort.fields else [*default[1:], Version.id]
    order = order_by(VERSION_ORDERS, sort, now, default=default[0], last=last)
    conditions = version_conditions(wanted, now)
    return query.where(visible_to(actor), Version.deleted_at.is_(None), *conditions).order_by(*order)


async def _one_page(session: AsyncSession, query: Select[Any], page: Page) -> Found[Version]:
    return one_page((await session.scalars(paged(query, page))).all(), page)


async def _is_hidden(session: AsyncSession, actor: Actor, model_id: str) -> bool:
    return await session.scalar(select(Model.id).where(Model.id == model_id, visible_to(actor))) is None
