"""Keeps the words of models up to date: at the end of each transaction that has changed something about one."""

from typing import Any

from sqlalchemy import Select, Table, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.database import Database, ring_after_commit, run_before_commit
from modelyard.domain.models.search.spelling import forget_words, learn_words
from modelyard.domain.models.search.store import SearchText, delete_text, write_text
from modelyard.domain.models.search.tables import SearchRow
from modelyard.domain.models.search.texts import read_shown_texts
from modelyard.domain.models.search.words import joined
from modelyard.domain.models.tables import Model, ModelTag, Tag

MOST_AT_ONCE = 200
"""Models whose words are written in one transaction, when many have none yet."""
TOPIC = "search"
_SECONDS_BETWEEN_LOOKS = 60.0
_ROWS: Table = SearchRow.metadata.tables[SearchRow.__tablename__]
_NOTED = "models whose words have changed"


def index_soon(session: AsyncSession, model_id: str) -> None:
    """To be called by whoever changes words of a model, or of a version, its card, its contract or its status."""
    session.info.setdefault(_NOTED, set()).add(model_id)
    run_before_commit(session, _index_noted)


async def index_again(session: AsyncSession, models: Select[Any]) -> None:
    """The same for many models at once, given as a selection of their identifiers: their words are written anew, in
    the background, a portion at a time. Until then they are found by those that they had.
    """
    await session.execute(update(_ROWS).where(_ROWS.c.model_id.in_(models)).values(is_stale=True))
    ring_after_commit(session, TOPIC)


async def forget_model(session: AsyncSession, model_id: str) -> None:
    """Before a model is removed for good."""
    row = (await session.scalars(select(SearchRow).where(SearchRow.model_id == model_id))).one_or_none()
    if row is not None:
        await delete_text(session, row.id)
        await session.delete(row)
        await session.flush()


async def index_missing(session: AsyncSession) -> int:
    """Writes the words of models that have none yet, such as those of an earlier schema, or old ones; returns of how
    many.
    """
    models = list(await session.scalars(_with_old_words().limit(MOST_AT_ONCE)))
    models += await session.scalars(_without_words().limit(MOST_AT_ONCE - len(models)))
    for model_id in models:
        await index_model(session, model_id)
    return len(models)


async def index_model(session: AsyncSession, model_id: str) -> None:
    """Writes the words of a model; forgets those of one that is not there any more."""
    await session.flush()
    words = await _words_of(session, model_id)
    if words is None:
        return
    row = (await session.scalars(select(SearchRow).where(SearchRow.model_id == model_id))).one_or_none()
    if row is None:
        session.add(row := SearchRow(model_id=model_id))
        await session.flush()
    await session.execute(update(_ROWS).where(_ROWS.c.id == row.id, _ROWS.c.is_stale).values(is_stale=False))
    await write_text(session, row.id, words)
    await learn_words(session, " ".join((words.name, words.labels, words.summary, words.words)).split())


class SearchUpkeep:
    """Writes the words of models that have none yet, or old ones: after an upgrade, and after changes of many models
    at once. In between, it forgets words that no model has any more, a portion at each look.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bell = database.bells.listen(TOPIC)
        self._looked_at = ""

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            async with self._database.read() as session:
                is_missing = await _is_missing(session)
            if is_missing:
                async with self._database.write() as session:
                    await index_missing(session)
            else:
                self._looked_at = await forget_words(self._database, self._looked_at)
                await self._bell.wait(_SECONDS_BETWEEN_LOOKS)


async def _is_missing(session: AsyncSession) -> bool:
    return any([await session.scalar(query.limit(1)) is not None for query in (_with_old_words(), _without_words())])


def _with_old_words() -> Select[str]:
    return select(SearchRow.model_id).where(SearchRow.is_stale)


def _without_words() -> Select[str]:
    return select(Model.id).where(Model.id.not_in(select(SearchRow.model_id)))


async def _index_noted(session: AsyncSession) -> None:
    for model_id in sorted(session.info.pop(_NOTED, ())):
        await index_model(session, model_id)


async def _words_of(session: AsyncSession, model_id: str) -> SearchText | None:
    """Reads columns alone: whoever changed the model goes on with the objects that they have."""
    columns = select(Model.name, Model.author, Model.description).where(Model.id == model_id)
    model = (await session.execute(columns)).one_or_none()
    if model is None:
        return None
    tags = select(Tag.name, Tag.identifier).join(ModelTag, ModelTag.tag == Tag.identifier)
    labels = [word for tag in await session.execute(tags.where(ModelTag.model_id == model_id)) for word in tag]
    return SearchText(
        joined([model.name, model_id]),
        joined([model.author, *labels]),
        joined([model.description]),
        joined((await read_shown_texts(session, [model_id])).get(model_id, [])),
    )
