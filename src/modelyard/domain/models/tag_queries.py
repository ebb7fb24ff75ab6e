"""Which tags somebody may see, and how many models have each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.models.tables import Model, ModelTag, Tag
from modelyard.domain.models.tag_names import bit_of
from modelyard.domain.models.visibility import visible_to


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, and how many models have it of those that one may see."""

    tag: Tag
    models: int


def seen_models(actor: Actor | None) -> ColumnElement[bool]:
    """The models that somebody may see; without an actor who reads models, those that everybody may see."""
    may_read = actor is not None and actor.may(Permission.READ_MODELS)
    return visible_to(actor if may_read else None)


def visible_tags(actor: Actor | None) -> ColumnElement[bool]:
    """Predefined tags, and those that people made up on models that one may see; for who manages tags, all."""
    if actor is not None and actor.may(Permission.MANAGE_TAGS):
        return true()
    carried = select(ModelTag.tag).join(Model, Model.id == ModelTag.model_id)
    return or_(Tag.is_categorical.is_(True), carried.where(ModelTag.tag == Tag.identifier, seen_models(actor)).exists())


async def list_tags(session: AsyncSession, actor: Actor | None) -> list[Tag]:
    """All tags that one may see, by category and name."""
    query = select(Tag).where(visible_tags(actor)).order_by(Tag.data_type, Tag.name, Tag.identifier)
    return list(await session.scalars(query))


async def list_predefined(session: AsyncSession) -> list[Tag]:
    """The tags of categories, which are few and everybody sees."""
    query = select(Tag).where(Tag.is_categorical).order_by(Tag.data_type, Tag.name, Tag.identifier)
    return list(await session.scalars(query))


async def find_tags(session: AsyncSession, actor: Actor | None, identifiers: Sequence[str]) -> list[Tag]:
    """Those of the tags that there are and that one may see."""
    query = select(Tag).where(Tag.identifier.in_(identifiers), visible_tags(actor))
    return list(await session.scalars(query.order_by(Tag.data_type, Tag.name, Tag.identifier)))


async def count_tags(session: AsyncSession, actor: Actor | None) -> list[TagCount]:
    """All tags that one may see, and how many models have each."""
    number = func.count().label("number")
    by_bits = select(Model.tag_bits, number).where(seen_models(actor)).group_by(Model.tag_bits)
    bits: dict[int, int] = {row.tag_bits: row.number for row in await session.execute(by_bits)}
    by_tag = (
        select(ModelTag.tag, number)
        .join(Tag, Tag.identifier == ModelTag.tag)
        .join(Model, Model.id == ModelTag.model_id)
        .where(Tag.is_categorical.is_(False), seen_models(actor))
        .group_by(ModelTag.tag)
    )
    custom: dict[str, int] = {row.tag: row.number for row in await session.execute(by_tag)}

    def count(tag: Tag) -> int:
        if bit := bit_of(tag.identifier):
            return sum(models for found, models in bits.items() if found & bit)
        return custom.get(tag.identifier, 0)

    return [TagCount(tag, count(tag)) for tag in await list_tags(session, actor)]


async def list_used_tags(session: AsyncSession, actor: Actor, *, most: int) -> list[Tag]:
    """The tags that people made up and that most of the models have that one may see."""
    used = (
        select(ModelTag.tag, func.count().label("number"))
        .join(Model, Model.id == ModelTag.model_id)
        .join(Tag, Tag.identifier == ModelTag.tag)
        .where(Tag.is_categorical.is_(False), seen_models(actor))
        .group_by(ModelTag.tag)
        .order_by(func.count().desc(), ModelTag.tag)
        .limit(most)
        .subquery()
    )
    return list(await session.scalars(select(Tag).join(used, used.c.tag == Tag.identifier).order_by(Tag.name)))
