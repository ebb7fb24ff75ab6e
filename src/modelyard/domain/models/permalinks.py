"""Permalinks: addresses that say what a model is called, and lead to it still when that has changed."""

import re
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.tables import Model


@dataclass(frozen=True, slots=True)
class Followed:
    """Where a permalink leads; `moved_to` is the current one where that is another."""

    model: Model
    moved_to: str | None


def permalink_of(model: Model) -> str:
    """Identifier, author and name in one word."""
    return "-".join(part for part in (model.id, _slug(model.author), _slug(model.name)) if part)


def _slug(text: str) -> str:
    return re.sub(r"[\W_]+", "-", text.lower()).strip("-")


async def follow_permalink(session: AsyncSession, actor: Actor, permalink: str) -> Followed:
    """The model that a permalink belongs to, or belonged to under an earlier name. Raises ModelNotFound."""
    model = await find_model(session, actor, permalink.partition("-")[0])
    current = permalink_of(model)
    return Followed(model, None if permalink == current else current)
