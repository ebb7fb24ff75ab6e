"""Finds models by words, the best first, and shows why each was found.

Unless another order is asked for, a model is better the more telling the fields are in which all words stand: name;
tags and author; summary; the rest. Within that, the one changed last comes first. So the order is the same in every
database.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.dialects import is_sqlite
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.catalog import WHOLE_MODEL
from modelyard.domain.models.filters import ModelFilter, model_conditions
from modelyard.domain.models.search.along import find_along
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
_LAST = len(TIERS) - 1


@dataclass(frozen=True, slots=True)
class Hit:
    """A model, and how well it fits."""

    model: Model
    tier: int
    position: Position

    @property
    def is_by_long_texts(self) -> bool:
        """Whether name, tags, author and summary do not have all words."""
        return self.tier == _LAST


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

    @property
    def is_more(self) -> bool:
        """Whether there are, or may be, more than were counted."""
        return self.total == MOST_COUNTED


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
    most_counted: int = MOST_COUNTED,
) -> Search:
    """The models that the actor may see, that pass the filter, and that have all words of the question.

    A word of the question may be the beginning of one. Words that nobody has are taken for misspelt ones. Without
    any word all models are found.

    Args:
        after: where to go on, a place of the same order. Raises ValueError for one that nobody was given.
        most_counted: words that so many models have are looked for along the order.
    """
    require(actor, Permission.READ_MODELS)
    scope = (visible_to(actor), *model_conditions(wanted, now))
    terms = terms_of(question)
    total = await _count(session, terms, scope, most_counted)
    corrected: dict[str, str] = {}
    if not total and terms:
        terms, corrected, total = await _correct(session, terms, scope)
    page = _Wanted(terms, scope, sorting, after, most + 1, is_frequent=bool(terms) and total == most_counted)
    hits = await _page(session, page) if total else []
    return Search(tuple(terms), tuple(hits[:most]), total, len(hits) > most, corrected)


async def found_by(session: AsyncSession, found: Search) -> list[ColumnElement[bool]]:
    """The conditions over `models` under which a model has all words of a search, for counts and facets.

    Where most models have them, SQLite is told the others, which are fewer. A model whose words are not written yet,
    as right after an upgrade, counts among those that have them then.
    """
    if not found.terms:
        return []
    if found.is_more and is_sqlite(session) and await _most_have(session, found.terms):
        others = SearchRow.id.not_in(rows_with(session, found.terms, TIERS[-1]))
        return [Model.id.not_in(select(SearchRow.model_id).where(others))]
    return [_has_all(session, found.terms)]


async def _most_have(session: AsyncSession, terms: Sequence[str]) -> bool:
    having = select(func.count()).select_from(rows_with(session, terms, TIERS[-1]).subquery())
    of_all = select(func.count()).select_from(SearchRow)
    return 2 * (await session.scalar(having) or 0) > (await session.scalar(of_all) or 0)


def _has_all(session: AsyncSession, terms: Sequence[str]) -> ColumnElement[bool]:
    return Model.id.in_(_models_with(session, terms, TIERS[-1]))


def _models_with(session: AsyncSession, terms: Sequence[str], fields: Sequence[Field]) -> Select[str]:
    return select(SearchRow.model_id).where(SearchRow.id.in_(rows_with(session, terms, fields)))


async def _count(
    session: AsyncSession, terms: Sequence[str], scope: Sequence[ColumnElement[bool]], most: int = MOST_COUNTED
) -> int:
    """Beginning with the texts, so that it ends early where nearly all models have the words."""
    query = select(Model.id)
    if terms:
        texts = rows_with(session, terms, TIERS[-1]).subquery()
        query = query.join(SearchRow, SearchRow.model_id == Model.id).join(texts, texts.c[0] == SearchRow.id)
    some = query.where(*scope).limit(most).subquery()
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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A part of what was found."""

    terms: Sequence[str]
    scope: Sequence[ColumnElement[bool]]
    sorting: Sorting
    after: Position | None
    most: int
    is_frequent: bool


_Step = tuple[int, list[ColumnElement[bool]]]


async def _page(session: AsyncSession, wanted: _Wanted) -> list[Hit]:
    if wanted.is_frequent and wanted.sorting.order is not Order.RELEVANCE:
        following = await find_along(session, wanted.terms, wanted.scope, wanted.sorting, wanted.after)
        if len(following) >= wanted.most:  # fewer, where those that have the words stand together somewhere behind
            return await _by_steps(session, wanted, [(_LAST, [Model.id.in_(following[: wanted.most])])])
    return await _by_steps(session, wanted, _tiers(session, wanted))


async def _by_steps(session: AsyncSession, wanted: _Wanted, steps: Iterable[_Step]) -> list[Hit]:
    """Step by step, and no further than the page needs: what stands in names is found without the long texts."""
    hits: list[Hit] = []
    after, sorting = wanted.after, wanted.sorting
    for tier, words in steps:
        if after and tier < after.tier:
            continue
        query = (
            select(Model)
            .where(*words, *wanted.scope, *([behind(after)] if after and tier == after.tier else []))
            .order_by(*columns_of(sorting))
            .limit(wanted.most - len(hits))
            .options(*WHOLE_MODEL)
        )
        models = await session.scalars(query)
        hits += [Hit(model, tier, position_of(model, tier, sorting)) for model in models]
        if len(hits) == wanted.most:
            break
    return hits


def _tiers(session: AsyncSession, wanted: _Wanted) -> Iterator[_Step]:
    """The steps in which models come, each with its conditions; more than one where the best come first."""
    if not wanted.terms:
        yield 0, []
    elif wanted.sorting.order is not Order.RELEVANCE:
        yield _LAST, [_has_all(session, wanted.terms)]
    else:
        for tier, fields in enumerate(TIERS):
            words: list[ColumnElement[bool]] = [Model.id.in_(_models_with(session, wanted.terms, fields))]
            if tier:
                words.append(Model.id.not_in(_models_with(session, wanted.terms, TIERS[tier - 1])))
            yield tier, words
