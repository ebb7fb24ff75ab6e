"""Tags: the predefined ones, and the tags of a model."""

from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.tables import Model, ModelTag, Tag
from modelyard.domain.models.tag_names import CUSTOM, PREDEFINED, bits_of, check_tag_name, read_names, tag_identifier


async def create_predefined(session: AsyncSession) -> None:
    """Adds the predefined tags that are missing."""
    known = set(await session.scalars(select(Tag.identifier)))
    session.add_all(
        Tag(identifier=tag_identifier(name), name=name, data_type=category, is_categorical=True)
        for category, names in PREDEFINED.items()
        for name in names
        if tag_identifier(name) not in known
    )


async def set_tags(session: AsyncSession, model: Model, names: list[str]) -> None:
    """Replaces the tags of a model; names or identifiers, unknown ones become custom tags.

    A tag keeps the name that it was made with, whoever names it in another way later. Raises TagsRejected.
    """
    wanted = read_names(names)
    known = set(await session.scalars(select(Tag.identifier).where(Tag.identifier.in_(wanted))))
    missing = {key: check_tag_name(name) for key, name in wanted.items() if key not in known}
    await _create_custom(session, missing.items())
    await session.execute(delete(ModelTag).where(ModelTag.model_id == model.id))
    session.add_all(ModelTag(model_id=model.id, tag=key, position=position) for position, key in enumerate(wanted))
    model.tag_bits = bits_of(list(wanted))


async def _create_custom(session: AsyncSession, wanted: Iterable[tuple[str, str]]) -> None:
    for identifier, name in wanted:
        try:
            async with session.begin_nested():
                session.add(Tag(identifier=identifier, name=name, data_type=CUSTOM, is_categorical=False))
        except IntegrityError:  # somebody else made it meanwhile, and was first
            continue
