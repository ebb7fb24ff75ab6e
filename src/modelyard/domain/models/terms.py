"""What a model has in common with others, beside its tags: words of its name and summary, its inputs and outputs."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.contract import media_types
from modelyard.domain.models.search.index import index_soon
from modelyard.domain.models.shown_version import select_shown
from modelyard.domain.models.tables import Model, ModelTerm, Version

MOST_WORDS = 40
LONGEST_TERM = 120
_WORD = re.compile(r"[^\W_]{3,40}")
_FREQUENT_TEXT = """
about after all also and any are based but can each for from get gets give gives has have how into its let may model
models more most not one only other our out over per than that the their them then there these they this use used uses
using very was what when which who why will with you your
"""
_FREQUENT = frozenset(_FREQUENT_TEXT.split())
"""Words that say nothing about a model."""


def terms_of(words: str, inputs: Iterable[Mapping[str, Any]], outputs: Iterable[Mapping[str, Any]]) -> set[str]:
    """All terms, each with its kind before a colon.

    Args:
        words: name and summary.
        inputs, outputs: as a version declares them.
    """
    found = {f"word:{word}" for word in distinct_words(words)}
    for entry in inputs:
        found.add(f"input:{entry['name']}")
        found |= {f"accepts:{media_type}" for media_type in media_types(entry["acceptedMediaTypes"])}
    for entry in outputs:
        found |= {f"output:{entry['name']}", f"gives:{entry['mediaType'].strip().lower()}"}
    return {term[:LONGEST_TERM] for term in found}


def distinct_words(text: str) -> list[str]:
    """The first words that say something, each once and without its case."""
    words = (match[0].casefold() for match in _WORD.finditer(text))
    return list(dict.fromkeys(word for word in words if word not in _FREQUENT))[:MOST_WORDS]


async def refresh_terms(session: AsyncSession, model_id: str) -> None:
    """To be called by whoever changes the words of a model, or which version stands for it, or its contract."""
    index_soon(session, model_id)
    model = await session.get_one(Model, model_id)
    shown = (await session.execute(select_shown(model_id, Version.inputs, Version.outputs))).first()
    inputs, outputs = (shown.inputs or [], shown.outputs or []) if shown else ([], [])
    wanted = terms_of(f"{model.name} {model.description}", inputs, outputs)
    known = set(await session.scalars(select(ModelTerm.term).where(ModelTerm.model_id == model_id)))
    if gone := known - wanted:
        await session.execute(delete(ModelTerm).where(ModelTerm.model_id == model_id, ModelTerm.term.in_(gone)))
    if new := sorted(wanted - known):
        await session.execute(insert(ModelTerm), [{"model_id": model_id, "term": term} for term in new])
