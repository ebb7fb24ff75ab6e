"""Finds models by words, the best first, and shows why each was found.

A model is better the more telling the fields are in which all words stand: name; tags and author; summary; the rest.
Within that, the one changed last comes first. So the order is the same in every database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import WHOLE_MODEL
from modelyard.domain.models.filters import ModelFilter, model_conditions
from modelyard.domain.models.search.spelling import similar_words
from modelyard.domain.models.search.store import Field, rows_with
from modelyard.domain.models.search.tables import SearchRow
from modelyard.domain.models.search.words import terms_of
from modelyard.domain.models.tables import Model
from modelyard.domain.models.visibility import visible_to

MOST_COUNTED = 10_000
"""More than so many are not counted, and nobody reads them."""
TIERS: tuple[tuple[Field, ...], ...] = (
    (Field.NAME,),
    (Field.NAME, Field.LABELS),
    (Field.NAME, Field.LABELS, Field.SUMMARY),
    tuple(Field),
)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list of what was found: behind this model."""

    tier: int
    updated_at: datetime
    model_id: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A model, and how well it fits."""

    model: Model
    tier: int

    @property
    def position(self) -> Position:
        """Where it stands."""
        return Position(self.tier, self.model.updated_at, self.model.id)

    @property
    def is_by_long_texts(self) -> bool:
        """Whether name, tags, author and summary do not have all words."""
        return self.tier == len(TIERS) - 1


@dataclass(frozen=True, slots=True)
class Search:
    """What was looked for and found.

    Args:
        terms: the words that were looked for.
        corrected: words of the question that nothing has, with those that were looked for in their place.
        total: how many there are, counted up to `MOST_COUNTED`.
    """

    terms: tuple[str, ...]
    hits: tuple[Hit, ...]
    total: int
    has_next: bool
    corrected: dict[str, str] = field(default_factory=dict)


async def search_models(
    session: AsyncSession,
    now: datetime,
    actor: Actor,
    question: str,
    wanted: ModelFilter,
    *,
    most: int,
    after: Position | None = None,
) -> Search:
    """The models that the actor may see, that pass the filter, and that have all words of the question.

    A word of the question may be the beginning of one. Words that nobody has are taken for misspelt ones. Without
    any word all models are found.
    """
    require(actor, Permission.READ_MODELS)
    scope = (visible_to(actor), *model_conditions(wanted, now))
    terms = terms_of(question)
    total = await _count(session, terms, scope)
    corrected: dict[str, str] = {}
    if not total and terms:
        terms, corrected, total = await _correct(session, terms, scope)
    hits = await _page(session, terms, scope, most + 1, after) if total else []
    return Search(tuple(terms), tuple(hits[:most]), total, len(hits) > most, corrected)


def found_by(session: AsyncSession, terms: Sequence[str]) -> ColumnElement[bool]:
    """The condition over `models` under which a model has all terms, for counts and facets."""
    return Model.id.in_(_models_with(session, terms, TIERS[-1]))


def _models_with(session: AsyncSession, terms: Sequence[str], fields: Sequence[Field]) -> Select[str]:
    return select(SearchRow.model_id).where(SearchRow.id.in_(rows_with(session, terms, fields)))


async def _count(session: AsyncSession, terms: Sequence[str], scope: Sequence[ColumnElement[bool]]) -> int:
    words = [found_by(session, terms)] if terms else []
    some = select(Model.id).where(*words, *scope).limit(MOST_COUNTED).subquery()
    return await session.scalar(select(func.count()).select_from(some)) or 0


async def _correct(
    session: AsyncSession, terms: Sequence[str], scope: Sequence[ColumnElement[bool]]
) -> tuple[list[str], dict[str, str], int]:
    """One word after the other, so that what is right of a question stays; only with words that lead somewhere.

    Words of models that the actor may not see lead nowhere, so nobody learns of them.
    """
    kept: list[str] = []
    corrected: dict[str, str] = {}
    for term in terms:
        choices = [term, *await similar_words(session, term)]
        for choice in choices:
            if await _count(session, [*kept, choice], scope):
                kept.append(choice)
                break
        else:
            return list(terms), {}, 0
        if kept[-1] != term:
            corrected[term] = kept[-1]
    return kept, corrected, await _count(session, kept, scope)


async def _page(
    session: AsyncSession,
    terms: Sequence[str],
    scope: Sequence[ColumnElement[bool]],
    most: int,
    after: Position | None,
) -> list[Hit]:
    """Tier by tier, and no further than the page needs: what stands in names is found without the long texts."""
    hits: list[Hit] = []
    for tier, fields in enumerate(TIERS if terms else TIERS[:1]):
        if after and tier < after.tier:
            continue
        words: list[ColumnElement[bool]] = []
        if terms:
            words.append(Model.id.in_(_models_with(session, terms, fields)))
            if tier:
                words.append(Model.id.not_in(_models_with(session, terms, TIERS[tier - 1])))
        query = (
            select(Model)
            .where(*words, *scope, *([_behind(after)] if after and tier == after.tier else []))
            .order_by(Model.updated_at.desc(), Model.id)
            .limit(most - len(hits))
            .options(*WHOLE_MODEL)
        )
        hits += [Hit(model, tier) for model in await session.scalars(query)]
        if len(hits) == most:
            break
    return hits


def _behind(position: Position) -> ColumnElement[bool]:
    same_time = and_(Model.updated_at == position.updated_at, Model.id > position.model_id)
    return or_(Model.updated_at < position.updated_at, same_time)
