"""Lists of models, with filters, order and paging."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only, selectinload

from modelyard.core.listing import one_page, paged, portions, within_budget
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import WHOLE_MODEL
from modelyard.domain.models.filters import MODEL_TEXTS, ModelFilter, contains, model_conditions
from modelyard.domain.models.orders import MODEL_ORDERS, order_by
from modelyard.domain.models.tables import Model, ModelTag, Version
from modelyard.domain.models.visibility import visible_to

_SHORT = (
    load_only(Model.name, Model.latest_version, Model.latest_active_version),
    selectinload(Model.versions).load_only(Version.model_id, Version.version, Version.order_key),
)
_TAGGED = (load_only(Model.name), selectinload(Model.tags))
MOST_TAGS_SHOWN = 100_000
"""Of the models in one answer, all together; each takes some 300 bytes."""
_LOOKED_UP_FIRST = ("name", "createdByEmail", "description")
MOST_CANDIDATES = 1000
NEWEST_FIRST = Sort(("updatedAt",), descending=True)


async def list_models(
    session: AsyncSession, now: datetime, actor: Actor, wanted: ModelFilter, page: Page, sort: Sort
) -> Found[Model]:
    """The models that the actor may see, no more of each than a list shows. A name that is exactly so comes first."""
    return await _one_page(session, now, actor, wanted, page, sort, _SHORT)


async def list_latest(
    session: AsyncSession, now: datetime, actor: Actor, wanted: ModelFilter, page: Page, sort: Sort
) -> Found[Model]:
    """The same with everything that hangs off them; without an order what changed last comes first."""
    found = await _one_page(session, now, actor, wanted, page, sort if sort.fields else NEWEST_FIRST, WHOLE_MODEL)
    await _describe_newest(session, found.entries)
    return found


async def list_tagged(session: AsyncSession, actor: Actor | None, tags: Sequence[str], page: Page) -> Found[Model]:
    """Models that carry at least one of the tags, by name, and no more of each than its name and all of its tags.

    Those that everybody may see without an actor who reads models; so many as fit into one answer. Raises PageTooLarge.
    """
    reader = actor if actor is not None and actor.may(Permission.READ_MODELS) else None
    carries = Model.id.in_(select(ModelTag.model_id).where(ModelTag.tag.in_(tags)))
    number = select(func.count()).where(ModelTag.model_id == Model.id).scalar_subquery()
    query = select(Model.id, number.label("tags")).where(carries, visible_to(reader))
    rows = (await session.execute(paged(query.order_by(Model.name_key, Model.id), page))).all()
    fitting = within_budget([1 + row.tags for row in rows], page, MOST_TAGS_SHOWN)
    models: dict[str, Model] = {}
    for some in portions([row.id for row in rows[:fitting]]):
        models |= {
            model.id: model
            for model in await session.scalars(select(Model).where(Model.id.in_(some)).options(*_TAGGED))
        }
    return Found([models[row.id] for row in rows[:fitting]], has_next=len(rows) > fitting)


async def _one_page(
    session: AsyncSession,
    now: datetime,
    actor: Actor,
    wanted: ModelFilter,
    page: Page,
    sort: Sort,
    options: Sequence[Any],
) -> Found[Model]:
    require(actor, Permission.READ_MODELS)
    order = order_by(MODEL_ORDERS, sort, now, default=Model.created_at, last=[Model.id])
    name = wanted.texts.get("name", "").strip().casefold()
    if name and await _is_a_name(session, name):
        order.insert(0, case((Model.name_key == name, 0), else_=1))
    query = select(Model).where(visible_to(actor), *model_conditions(wanted, now)).order_by(*order)
    if (few := await _few_candidates(session, wanted)) is not None:
        query = query.where(Model.id.in_(few))
    return one_page((await session.scalars(paged(query.options(*options), page))).all(), page)


async def _is_a_name(session: AsyncSession, name: str) -> bool:
    """Whether a model has exactly this name; when none has, the order need not ask, and an index can give it."""
    if "\0" in name:
        return False
    return await session.scalar(select(Model.id).where(Model.name_key == name).limit(1)) is not None


async def _few_candidates(session: AsyncSession, wanted: ModelFilter) -> Sequence[str] | None:
    """The models that a text leaves over, when they are few: found in one go, mostly in an index alone.

    When they are many, the look-up ends early, and a page of them is found soon in the index of any order.
    """
    for name in _LOOKED_UP_FIRST:
        if text := wanted.texts.get(name):
            query = select(Model.id).where(contains(MODEL_TEXTS[name], text)).limit(MOST_CANDIDATES + 1)
            found = list(await session.scalars(query))
            if len(found) <= MOST_CANDIDATES:
                return found
    return None


async def _describe_newest(session: AsyncSession, models: Sequence[Model]) -> None:
    """Reads the description of each model's newest version, which the list shows."""
    newest = [model.versions[-1].id for model in models if model.versions]
    columns = load_only(Version.long_description)
    await session.execute(select(Version).where(Version.id.in_(newest)).options(columns))
