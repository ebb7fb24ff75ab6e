"""Lists of models and versions, with filters, order and paging."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from modelyard.core.listing import one_page, ordered, paged
from modelyard.core.paging import Found, Page, Sort
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.semantic import version_order
from modelyard.domain.models.tables import Model, ModelTag, Scope, Version, VersionStatus
from modelyard.domain.models.visibility import visible_to

MOST_RELATED = 20
_WITH_LISTS = (
    selectinload(Model.versions),
    selectinload(Model.tags),
    selectinload(Model.pictures),
    selectinload(Model.teams),
)


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """What to look for; empty means anything. Texts: `,` joins alternatives, `;` what must all be there."""

    texts: dict[str, str] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)


def _is_active() -> ColumnElement[bool]:
    return select(Version.id).where(Version.model_id == Model.id, Version.status == VersionStatus.ACTIVE).exists()


TEXT_FILTERS: dict[str, Any] = {
    "author": Model.author,
    "createdByEmail": Model.created_by_email,
    "name": Model.name,
    "description": Model.description,
}
FLAG_FILTERS: dict[str, Callable[[], ColumnElement[bool]]] = {
    "isActive": _is_active,
    "isRecommended": lambda: Model.is_recommended.is_(True),
    "isCommercial": lambda: Model.is_commercial.is_(True),
    "isExpired": lambda: literal(value=False),  # no model of ours expires
}
SORTS: dict[str, Any] = {
    "modelId": Model.id,
    "author": Model.author,
    "createdByEmail": Model.created_by_email,
    "submittedByEmail": Model.created_by_email,
    "name": Model.name,
    "isRecommended": Model.is_recommended,
    "lastActiveDateTime": Model.last_active_at,
    "createdAt": Model.created_at,
}


async def list_models(session: AsyncSession, actor: Actor, wanted: ModelFilter, page: Page, sort: Sort) -> Found[Model]:
    """The models that the actor may see. With a name filter the exact match comes first."""
    require(actor, Permission.READ_MODELS)
    query = select(Model).where(visible_to(actor), *_conditions(wanted)).order_by(*_order(wanted, sort))
    query = query.options(selectinload(Model.versions))
    return one_page((await session.scalars(paged(query, page))).all(), page)


async def list_latest(session: AsyncSession, actor: Actor) -> list[Model]:
    """All models with everything that hangs off them, newest first."""
    require(actor, Permission.READ_MODELS)
    query = select(Model).where(visible_to(actor)).order_by(Model.updated_at.desc(), Model.id).options(*_WITH_LISTS)
    return list(await session.scalars(query))


async def list_related(session: AsyncSession, actor: Actor, model_id: str) -> list[Model]:
    """Models that share tags with a model; those that share most of them come first."""
    model = await find_model(session, actor, model_id)
    shared = func.count()
    query = (
        select(Model)
        .join(ModelTag, ModelTag.model_id == Model.id)
        .where(ModelTag.tag.in_([tag.identifier for tag in model.tags]), Model.id != model_id, visible_to(actor))
        .group_by(Model.id)
        .order_by(shared.desc(), func.lower(Model.name), Model.id)
        .limit(MOST_RELATED)
    )
    return list(await session.scalars(query.options(*_WITH_LISTS)))


async def list_tagged(session: AsyncSession, actor: Actor | None, tags: Sequence[str]) -> list[Model]:
    """Models that carry at least one of the tags; those that everybody may see without an actor who reads models."""
    may_read = actor is not None and actor.may(Permission.READ_MODELS)
    query = (
        select(Model)
        .where(
            select(ModelTag.tag).where(ModelTag.model_id == Model.id, ModelTag.tag.in_(tags)).exists(),
            visible_to(actor) if actor and may_read else Model.scope == Scope.ALL,
        )
        .order_by(func.lower(Model.name), Model.id)
    )
    return list(await session.scalars(query.options(*_WITH_LISTS)))


async def list_versions(session: AsyncSession, actor: Actor, model_id: str, page: Page) -> Found[Version]:
    """The versions of a model, lowest number first."""
    model = await find_model(session, actor, model_id)
    rows = sorted(model.versions, key=lambda row: version_order(row.version))
    return one_page(rows[page.offset :], page)


def conditions_of(wanted: ModelFilter) -> list[ColumnElement[bool]]:
    """What the filter asks of a row of `models`."""
    return _conditions(wanted)


def _conditions(wanted: ModelFilter) -> list[ColumnElement[bool]]:
    conditions = [_contains(TEXT_FILTERS[name], text) for name, text in wanted.texts.items() if name in TEXT_FILTERS]
    if model_ids := wanted.texts.get("modelId"):
        conditions.append(Model.id.in_([part.strip() for part in model_ids.split(",")]))
    conditions += [FLAG_FILTERS[name]() == flag for name, flag in wanted.flags.items() if name in FLAG_FILTERS]
    return conditions


def _contains(column: Any, text: str) -> ColumnElement[bool]:
    alternatives = [
        and_(*(column.icontains(part.strip(), autoescape=True) for part in alternative.split(";")))
        for alternative in text.split(",")
    ]
    return or_(*alternatives)


def _order(wanted: ModelFilter, sort: Sort) -> list[Any]:
    order: list[Any] = []
    if name := wanted.texts.get("name"):
        order.append(case((func.lower(Model.name) == name.strip().lower(), 0), else_=1))
    return order + ordered(sort, SORTS, Model.created_at, Model.id)
