"""Finds models by words, the best first, and shows why each was found.

Unless another order is asked for, a model is better the more telling the fields are in which all words stand: name;
tags and author; summary; the rest. Within that, the one changed last comes first. So the order is the same in every
database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import WHOLE_MODEL
from modelyard.domain.models.filters import ModelFilter, model_conditions
from modelyard.domain.models.search.order import Order, Position, Sorting, behind, columns_of, position_of
from modelyard.domain.models.search.spelling import similar_words
from modelyard.domain.models.search.store import Field, rows_with
from modelyard.domain.models.search.tables import SearchRow
from modelyard.domain.models.search.words import terms_of
from modelyard.domain.models.tables import Model
from modelyard.domain.models.visibility import visible_to

MOST_COUNTED = 10_000
"""More than so many are not counted, and nobody reads them."""
BY_RELEVANCE = Sorting()
TIERS: tuple[tuple[Field, ...], ...] = (
    (Field.NAME,),
    (Field.NAME, Field.LABELS),
    (Field.NAME, Field.LABELS, Field.SUMMARY),
    tuple(Field),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A model, and how well it fits."""

    model: Model
    tier: int
    position: Position

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
    sorting: Sorting = BY_RELEVANCE,
    after: Position | None = None,
) -> Search:
    """The models that the actor may see, that pass the filter, and that have all words of the question.

    A word of the question may be the beginning of one. Words that nobody has are taken for misspelt ones. Without
    any word all models are found.

    Args:
        after: where to go on, a place of the same order. Raises ValueError for one that nobody was given.
    """
    require(actor, Permission.READ_MODELS)
    scope = (visible_to(actor), *model_conditions(wanted, now))
    terms = terms_of(question)
    total = await _count(session, terms, scope)
    corrected: dict[str, str] = {}
    if not total and terms:
        terms, corrected, total = await _correct(session, terms, scope)
    hits = await _page(session, terms, scope, most + 1, sorting, after) if total else []
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
    sorting: Sorting,
    after: Position | None,
) -> list[Hit]:
    """Tier by tier, and no further than the page needs: what stands in names is found without the long texts."""
    hits: list[Hit] = []
    for tier, words in _tiers(session, terms, sorting):
        if after and tier < after.tier:
            continue
        query = (
            select(Model)
            .where(*words, *scope, *([behind(after)] if after and tier == after.tier else []))
            .order_by(*columns_of(sorting))
            .limit(most - len(hits))
            .options(*WHOLE_MODEL)
        )
        models = await session.scalars(query)
        hits += [Hit(model, tier, position_of(model, tier, sorting)) for model in models]
        if len(hits) == most:
            break
    return hits


def _tiers(
    session: AsyncSession, terms: Sequence[str], sorting: Sorting
) -> Iterator[tuple[int, list[ColumnElement[bool]]]]:
    """The steps in which models come, each with its conditions; more than one where the best come first."""
    if not terms:
        yield 0, []
    elif sorting.order is not Order.RELEVANCE:
        yield len(TIERS) - 1, [found_by(session, terms)]
    else:
        for tier, fields in enumerate(TIERS):
            words: list[ColumnElement[bool]] = [Model.id.in_(_models_with(session, terms, fields))]
            if tier:
                words.append(Model.id.not_in(_models_with(session, terms, TIERS[tier - 1])))
            yield tier, words
