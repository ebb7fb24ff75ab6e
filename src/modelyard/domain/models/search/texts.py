"""Reads the texts of models that are searched besides name, tags, author and summary: those of the version shown."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.tables import CardRevision, Version, VersionStatus


async def read_shown_texts(session: AsyncSession, model_ids: Sequence[str]) -> dict[str, list[str]]:
    """By model: the texts of its newest active version, or else of the newest: that is the one which the library shows.

    Reads columns alone: whoever changed a model goes on with the objects that they have.
    """
    versions = (await session.execute(_shown_versions(model_ids))).all()
    cards = _newest_cards([version.id for version in versions])
    contents = {card.version_id: card.content for card in await session.execute(cards)}
    return {version.model_id: list(_texts_of(version, contents.get(version.id))) for version in versions}


def _shown_versions(model_ids: Sequence[str]) -> Select[Any]:
    order = ((Version.status == VersionStatus.ACTIVE).desc(), Version.order_key.desc())
    place = func.row_number().over(partition_by=Version.model_id, order_by=order).label("place")
    placed = select(Version.id, place).where(Version.model_id.in_(model_ids), Version.deleted_at.is_(None)).subquery()
    columns = (
        *(Version.id, Version.model_id, Version.inputs, Version.outputs, Version.long_description),
        *(Version.technical_details, Version.performance_summary, Version.version_history),
    )
    return select(*columns).join(placed, placed.c.id == Version.id).where(placed.c.place == 1)


def _newest_cards(version_ids: Sequence[str]) -> Select[Any]:
    number = func.max(CardRevision.number).label("number")
    newest = select(CardRevision.version_id, number).where(CardRevision.version_id.in_(version_ids))
    found = newest.group_by(CardRevision.version_id).subquery()
    is_newest = (CardRevision.version_id == found.c.version_id) & (CardRevision.number == found.c.number)
    return select(CardRevision.version_id, CardRevision.content).join(found, is_newest)


def _texts_of(version: Row[Any], card: object) -> Iterator[str]:
    for entry in [*(version.inputs or []), *(version.outputs or [])]:
        yield entry["name"]
        yield entry.get("description") or ""
    yield from (version.long_description, version.technical_details, version.performance_summary)
    yield from _texts_within(card)
    yield version.version_history


def _texts_within(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts_within(part)
        case list():
            for part in value:
                yield from _texts_within(part)
