"""Models that are related to one: they share tags, names and media types of inputs and outputs, and words.

What few models have says more than what many have. So the rarest things that a model has are looked up, the models
that have them are ranked by everything that they share, and no query grows with the library.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import WHOLE_MODEL, find_model
from modelyard.domain.models.tables import Model, ModelTag, ModelTerm
from modelyard.domain.models.visibility import visible_to

MOST_RELATED = 20
MOST_TERMS_FOLLOWED = 8
MOST_FOLLOWED = 60
"""Models that are looked at for one term."""
MOST_RANKED = 50
MOST_COUNTED = 200
"""A term that so many models have is as good as in all of them."""
TAG = "tag"
WEIGHTS = {TAG: 3.0, "input": 2.0, "output": 2.0, "accepts": 1.0, "gives": 1.0, "word": 1.0}


def weight_of(term: str, carriers: int) -> float:
    """How much it says that two models share a term, which so many models have."""
    return WEIGHTS[term.partition(":")[0]] / math.log2(1 + max(1, carriers))


def ranked(shared: Mapping[str, Iterable[str]], carriers: Mapping[str, int]) -> list[str]:
    """Models by what they share, most first; those that share alike by their identifiers."""
    scores = {model: sum(weight_of(term, carriers[term]) for term in terms) for model, terms in shared.items()}
    return sorted(scores, key=lambda model: (-scores[model], model))


async def list_related(session: AsyncSession, actor: Actor, model_id: str) -> list[Model]:
    """The models most related to one that the actor may see, the closest first. Raises ModelNotFound."""
    await find_model(session, actor, model_id)
    carriers = await _count_carriers(session, model_id)
    rarest = sorted(carriers, key=lambda term: (-weight_of(term, carriers[term]), term))[:MOST_TERMS_FOLLOWED]
    found = await _carriers_of(session, actor, model_id, rarest)
    closest = ranked(found, carriers)[:MOST_RANKED]
    order = ranked(await _shared(session, closest, carriers), carriers)[:MOST_RELATED]
    query = select(Model).where(Model.id.in_(order), visible_to(actor)).options(*WHOLE_MODEL)
    models = {model.id: model for model in await session.scalars(query)}
    return [models[one] for one in order if one in models]


async def _count_carriers(session: AsyncSession, model_id: str) -> dict[str, int]:
    """Each term of a model, and how many models have it, as far as that is counted."""

    def counted(table: Any, column: str) -> Select[Any]:
        other = aliased(table)
        same = select(literal(1).label("one")).where(getattr(other, column) == getattr(table, column))
        few = same.correlate(table).limit(MOST_COUNTED).subquery()
        number = select(func.count()).select_from(few).correlate(table).scalar_subquery()
        return select(getattr(table, column), number).where(table.model_id == model_id)

    tags = await session.execute(counted(ModelTag, "tag"))
    terms = await session.execute(counted(ModelTerm, "term"))
    return {f"{TAG}:{row[0]}": row[1] for row in tags} | {row[0]: row[1] for row in terms}


async def _carriers_of(
    session: AsyncSession, actor: Actor, model_id: str, terms: Iterable[str]
) -> dict[str, list[str]]:
    """The models that have one of the terms and may be seen, with those of the terms that they have."""
    found: dict[str, list[str]] = {}
    for term in terms:
        for other in await session.scalars(_first_carriers(term, model_id)):
            found.setdefault(other, []).append(term)
    seen = await session.scalars(select(Model.id).where(Model.id.in_(sorted(found)), visible_to(actor)))
    return {other: found[other] for other in seen}


def _first_carriers(term: str, model_id: str) -> Select[Any]:
    kind, _, tag = term.partition(":")
    model, column, value = (
        (ModelTag.model_id, ModelTag.tag, tag) if kind == TAG else (ModelTerm.model_id, ModelTerm.term, term)
    )
    return select(model).where(column == value, model != model_id).order_by(model).limit(MOST_FOLLOWED)


async def _shared(session: AsyncSession, models: list[str], terms: Iterable[str]) -> dict[str, Counter[str]]:
    """All that some models share with the one whose terms these are."""
    shared: dict[str, Counter[str]] = {model: Counter() for model in models}
    known = set(terms)
    tags = await session.execute(select(ModelTag.model_id, ModelTag.tag).where(ModelTag.model_id.in_(models)))
    others = await session.execute(select(ModelTerm.model_id, ModelTerm.term).where(ModelTerm.model_id.in_(models)))
    for model, term in [*((model, f"{TAG}:{tag}") for model, tag in tags), *others]:
        if term in known:
            shared[model][term] += 1
    return shared
