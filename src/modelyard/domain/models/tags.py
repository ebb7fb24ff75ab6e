"""Tags: the predefined ones, and the tags of a model."""

import re
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import InvalidInput
from modelyard.domain.models.metadata import is_readable
from modelyard.domain.models.tables import Model, ModelTag, Tag

MOST_TAGS = 50
LONGEST_TAG = 100
CUSTOM = "Tags"
PREDEFINED: dict[str, tuple[str, ...]] = {
    "Subject": (
        "Language and Text",
        "Colors, Textures, and Patterns",
        "Computers and Software",
        "Equipment and Machinery",
        "Food",
        "Infrastructure and Buildings",
        "People and Activities",
        "Satellites and Space",
        "Topics, Ideas, and Sentiment",
        "Vehicles and Transportation",
        "Video, Images, and Illustrations",
    ),
    "Task": (
        "Label or Classify",
        "Count",
        "Enhance or Preprocess",
        "Forecast or Estimate",
        "Locate or Detect",
    ),
    "Input Type": ("Audio", "Binary", "Image", "Signal", "Time Series"),
}


class TagsRejected(InvalidInput):
    """The list of tags cannot be used."""


def tag_identifier(name: str) -> str:
    """The name in lower case, with underscores for spaces."""
    return re.sub(r"\s+", "_", name.strip().lower())


async def create_predefined(session: AsyncSession) -> None:
    """Adds the predefined tags that are missing."""
    known = set(await session.scalars(select(Tag.identifier)))
    session.add_all(
        Tag(identifier=tag_identifier(name), name=name, data_type=category, is_categorical=True)
        for category, names in PREDEFINED.items()
        for name in names
        if tag_identifier(name) not in known
    )


async def list_tags(session: AsyncSession) -> list[Tag]:
    """All tags by category and name."""
    return list(await session.scalars(select(Tag).order_by(Tag.data_type, Tag.name)))


async def find_tags(session: AsyncSession, identifiers: Iterable[str]) -> list[Tag]:
    """Those of the tags that there are."""
    query = select(Tag).where(Tag.identifier.in_(list(identifiers))).order_by(Tag.data_type, Tag.name)
    return list(await session.scalars(query))


async def set_tags(session: AsyncSession, model: Model, names: list[str]) -> None:
    """Replaces the tags of a model; names or identifiers, unknown ones become custom tags."""
    wanted = {tag_identifier(name): " ".join(name.split()) for name in names}
    if not all(map(is_readable, wanted.values())):
        raise TagsRejected("tags: each must be one line without control characters or others that nobody can see.")
    if len(wanted) > MOST_TAGS or any(not key or len(key) > LONGEST_TAG for key in wanted):
        raise TagsRejected(f"A model has at most {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters.")
    known = set(await session.scalars(select(Tag.identifier).where(Tag.identifier.in_(wanted))))
    session.add_all(
        Tag(identifier=key, name=name, data_type=CUSTOM, is_categorical=False)
        for key, name in wanted.items()
        if key not in known
    )
    await session.flush()
    await session.execute(delete(ModelTag).where(ModelTag.model_id == model.id))
    session.add_all(ModelTag(model_id=model.id, tag=key, position=position) for position, key in enumerate(wanted))
