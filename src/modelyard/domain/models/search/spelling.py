"""Finds what somebody probably meant who misspelt a word."""

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice
from string import ascii_lowercase

from sqlalchemy import Insert, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database
from modelyard.core.upserts import insert_into
from modelyard.domain.models.search.store import is_in_use
from modelyard.domain.models.search.tables import SearchSpelling
from modelyard.domain.models.search.words import stored

SHORTEST, LONGEST = 4, 24
"""Characters of words that are corrected. Shorter ones are like too many others."""
LONG = 7
"""Characters of words that may lack two more."""
_MOST_ALIKE = 5
_ALIKE = 0.7
_AT_ONCE = 400
MOST_LEARNT = 2000
"""Words of one model: each takes up to 25 rows, and others wait to write meanwhile."""

MOST_LOOKED_AT = 200
"""Words of which it is found out in one go whether a model has them still: others wait to write while some go."""


def _insert_new(session: AsyncSession) -> Insert:
    """Somebody else may have learnt the same word meanwhile."""
    return insert_into(session, SearchSpelling).on_conflict_do_nothing()


def variants_of(word: str) -> set[str]:
    """The word, and what is left when one of its characters is missing."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def longer_variants_of(word: str) -> set[str]:
    """What the word may be when one of its characters is missing: with a letter more."""
    return {word[:place] + letter + word[place:] for place in range(len(word) + 1) for letter in ascii_lowercase}


async def learn_words(session: AsyncSession, words: Iterable[str]) -> None:
    """Remembers the first words as they are stored, for `similar_words`."""
    all_of_them = dict.fromkeys(word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha())
    wanted = sorted(islice(all_of_them, MOST_LEARNT))
    for start in range(0, len(wanted), _AT_ONCE):
        portion = wanted[start : start + _AT_ONCE]
        known = set(await session.scalars(select(SearchSpelling.word).where(SearchSpelling.variant.in_(portion))))
        new = [word for word in portion if word not in known]
        rows = [{"variant": variant, "word": word} for word in new for variant in sorted(variants_of(word))]
        if rows:
            await session.execute(_insert_new(session), rows)


async def forget_words(database: Database, after: str) -> str:
    """Forgets which of the next words no model has any more; returns up to where it has come, empty at the end.

    Args:
        after: what it has returned the last time.
    """
    async with database.read() as session:
        # each word is a variant of itself, so the key finds the words in their order
        is_word = SearchSpelling.variant == SearchSpelling.word
        query = select(SearchSpelling.variant).where(is_word, SearchSpelling.variant > after)
        words = list(await session.scalars(query.order_by(SearchSpelling.variant).limit(MOST_LOOKED_AT)))
        unused = [word for word in words if not await is_in_use(session, word)]
    if unused:
        async with database.write() as session:
            # once more, as somebody may have written one meanwhile
            await _forget(session, [word for word in unused if not await is_in_use(session, word)])
    return words[-1] if len(words) == MOST_LOOKED_AT else ""


async def _forget(session: AsyncSession, words: Sequence[str]) -> None:
    for word in words:
        its = SearchSpelling.variant.in_(sorted(variants_of(word))), SearchSpelling.word == word
        await session.execute(delete(SearchSpelling).where(*its).execution_options(synchronize_session=False))


async def similar_words(session: AsyncSession, term: str) -> list[str]:
    """Words that differ by a character or two from a term, those that are most like it first."""
    word = stored(term)
    if not SHORTEST <= len(word) <= LONGEST:
        return []
    found = await _words_of(session, variants_of(word)) - {word}
    if not found and len(word) >= LONG:
        found = await _words_of(session, longer_variants_of(word))
    return difflib.get_close_matches(word, sorted(found), n=_MOST_ALIKE, cutoff=_ALIKE)


async def _words_of(session: AsyncSession, variants: set[str]) -> set[str]:
    query = select(SearchSpelling.word).where(SearchSpelling.variant.in_(sorted(variants)))
    return set(await session.scalars(query.distinct()))
