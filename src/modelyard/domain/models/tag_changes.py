"""What administrators of the installation do to tags: rename, merge, delete, give them an image."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.errors import Conflict, InvalidInput, NotFound
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.record import record
from modelyard.domain.models.loose_files import claim_files, release_files
from modelyard.domain.models.picture_files import NewPicture, addresses
from modelyard.domain.models.search.index import index_again
from modelyard.domain.models.tables import Model, ModelTag, Tag
from modelyard.domain.models.tag_names import CUSTOM, bit_of, check_tag_name, tag_identifier


class TagNotFound(NotFound):
    """There is no such tag."""

    def __init__(self, identifier: str) -> None:
        super().__init__(f"There is no tag {identifier[:60]!r}.")


class TagPredefined(Conflict):
    """Predefined tags stay as they are: clients know them."""

    def __init__(self, tag: Tag) -> None:
        super().__init__(f"{tag.name!r} is a predefined tag, which stays as it is; only its image can be changed.")


class TagExists(Conflict):
    """Another tag has the identifier that the new name makes."""

    def __init__(self, tag: Tag) -> None:
        super().__init__(f"There is a tag {tag.name!r} ({tag.identifier}) already; merge the two instead.")


class TagInUse(Conflict):
    """Models have the tag."""

    def __init__(self, models: int) -> None:
        super().__init__(f"{models} {'models have' if models > 1 else 'model has'} the tag; merge it into another one.")


class MergedWithItself(InvalidInput):
    """A tag cannot be merged into itself."""

    def __init__(self) -> None:
        super().__init__("into: name another tag than the one that is merged.")


class NoImage(Conflict):
    """Nobody gave the tag an image."""

    def __init__(self) -> None:
        super().__init__("The tag has no image that somebody uploaded.")


async def find_tag_to_change(session: AsyncSession, actor: Actor, identifier: str) -> Tag:
    """A tag by its identifier or name. Raises RoleMissing, TagNotFound."""
    require(actor, Permission.MANAGE_TAGS)
    tag = await session.get(Tag, tag_identifier(identifier)) if "\0" not in identifier else None
    if tag is None:
        raise TagNotFound(identifier)
    return tag


async def _find_custom(session: AsyncSession, actor: Actor, identifier: str) -> Tag:
    tag = await find_tag_to_change(session, actor, identifier)
    if tag.is_categorical:
        raise TagPredefined(tag)
    return tag


async def rename_tag(session: AsyncSession, clock: Clock, actor: Actor, identifier: str, name: str) -> Tag:
    """Gives a tag another name, and with it another identifier; models keep it.

    Raises TagNotFound, TagPredefined, TagExists, TagsRejected.
    """
    tag = await _find_custom(session, actor, identifier)
    name = check_tag_name(name)
    before = {"identifier": tag.identifier, "name": tag.name}
    renamed = tag
    if (key := tag_identifier(name)) != tag.identifier:
        if other := await session.get(Tag, key):
            raise TagExists(other)
        picture = {"picture_id": tag.picture_id, "picture_extension": tag.picture_extension}
        renamed = Tag(identifier=key, data_type=CUSTOM, is_categorical=False, name=name, **picture)
        session.add(renamed)
        await session.flush()
        await session.execute(update(ModelTag).where(ModelTag.tag == tag.identifier).values(tag=key))
        await session.delete(tag)
    renamed.name = name
    await session.flush()
    await index_again(session, select(ModelTag.model_id).where(ModelTag.tag == key))
    after = {"identifier": key, "name": name}
    if after != before:
        record(session, clock, actor, "tag:renamed", f"tag/{before['identifier']}", before=before, after=after)
    return renamed


async def merge_tag(session: AsyncSession, clock: Clock, actor: Actor, identifier: str, into: str) -> tuple[Tag, int]:
    """Gives the models of one tag another one in its place; returns that, and how many models had the first.

    Raises TagNotFound, TagPredefined, MergedWithItself.
    """
    tag = await _find_custom(session, actor, identifier)
    other = await find_tag_to_change(session, actor, into)
    if tag is other:
        raise MergedWithItself
    carriers = select(ModelTag.model_id).where(ModelTag.tag == tag.identifier)
    number = await _count_models(session, tag)
    await index_again(session, carriers)
    if bit := bit_of(other.identifier):
        new_bits = Model.tag_bits.bitwise_or(bit)
        await session.execute(
            update(Model)
            .where(Model.id.in_(carriers))
            .values(tag_bits=new_bits)
            .execution_options(synchronize_session=False)
        )
    has_both = select(ModelTag.model_id).where(ModelTag.tag == other.identifier)
    await session.execute(
        delete(ModelTag)
        .where(ModelTag.tag == tag.identifier, ModelTag.model_id.in_(has_both))
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(ModelTag)
        .where(ModelTag.tag == tag.identifier)
        .values(tag=other.identifier)
        .execution_options(synchronize_session=False)
    )
    await _remove(session, clock, tag)
    facts = {"into": other.identifier, "models": number}
    record(session, clock, actor, "tag:merged", f"tag/{tag.identifier}", before={"name": tag.name}, after=facts)
    return other, number


async def delete_tag(session: AsyncSession, clock: Clock, actor: Actor, identifier: str) -> None:
    """Deletes a tag that no model has. Raises TagNotFound, TagPredefined, TagInUse."""
    tag = await _find_custom(session, actor, identifier)
    if number := await _count_models(session, tag):
        raise TagInUse(number)
    await _remove(session, clock, tag)
    record(session, clock, actor, "tag:deleted", f"tag/{tag.identifier}", before={"name": tag.name})


async def _count_models(session: AsyncSession, tag: Tag) -> int:
    query = select(func.count()).select_from(ModelTag).where(ModelTag.tag == tag.identifier)
    return await session.scalar(query) or 0


async def _remove(session: AsyncSession, clock: Clock, tag: Tag) -> None:
    _release_image(session, clock, tag)
    await session.delete(tag)
    await session.flush()


async def set_tag_image(session: AsyncSession, clock: Clock, actor: Actor, identifier: str, picture: NewPicture) -> Tag:
    """Makes a stored picture the image of a tag. Raises TagNotFound."""
    tag = await find_tag_to_change(session, actor, identifier)
    _release_image(session, clock, tag)
    tag.picture_id, tag.picture_extension = picture.id, picture.extension
    await claim_files(session, picture.storage_keys)
    record(session, clock, actor, "tag:image-set", f"tag/{tag.identifier}")
    return tag


async def remove_tag_image(session: AsyncSession, clock: Clock, actor: Actor, identifier: str) -> Tag:
    """Takes the image away; a predefined tag shows one that is made for it. Raises TagNotFound, NoImage."""
    tag = await find_tag_to_change(session, actor, identifier)
    if tag.picture_id is None:
        raise NoImage
    _release_image(session, clock, tag)
    tag.picture_id = tag.picture_extension = None
    record(session, clock, actor, "tag:image-removed", f"tag/{tag.identifier}")
    return tag


def _release_image(session: AsyncSession, clock: Clock, tag: Tag) -> None:
    if tag.picture_id and tag.picture_extension:
        of_tag = addresses(tag.picture_id, ["icon"], tag.picture_extension)
        release_files(session, clock, [address.storage_key for address in of_tag])
