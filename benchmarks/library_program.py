"""Asks the library, by the domain's functions, for what MLflow's registry is asked for."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.asked_program import answer
from benchmarks.library_reader import NOW, READER
from benchmarks.registry_questions import PAGE
from modelyard.core.database import Database, sqlite_url
from modelyard.core.paging import Page, Sort
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.filters import ModelFilter
from modelyard.domain.models.queries import list_latest
from modelyard.domain.models.search.find import search_models
from modelyard.domain.models.tag_filters import TagFilter

_BY_NAME, _NEWEST = Sort(("name",)), Sort(("updatedAt",), descending=True)
_IMAGE = (TagFilter([["image"]]),)
_AUTHOR = "organisation 1"
Act = Callable[[AsyncSession, str], Awaitable[int]]


def _list(wanted: ModelFilter, sort: Sort) -> Act:
    async def act(session: AsyncSession, _: str) -> int:
        return len((await list_latest(session, NOW, READER, wanted, Page(1, PAGE), sort)).entries)

    return act


async def _search(session: AsyncSession, _: str) -> int:
    return len((await search_models(session, NOW, READER, "distilled podcasts", ModelFilter(), most=PAGE)).hits)


async def _details(session: AsyncSession, name: str) -> int:
    return bool((await find_model(session, READER, name)).versions)


CASES: dict[str, Act] = {
    "list, a page by name": _list(ModelFilter(), _BY_NAME),
    "list, a page, newest first": _list(ModelFilter(), _NEWEST),
    "list, words in the name and a tag": _list(ModelFilter({"name": "detection for"}, tags=_IMAGE), _BY_NAME),
    "list, words in the name, author, active": _list(
        ModelFilter({"name": "detection for", "author": _AUTHOR}, {"isActive": True}), _BY_NAME
    ),
    "list, a tag, author, active, recommended, newest first": _list(
        ModelFilter({"author": _AUTHOR}, {"isActive": True, "isRecommended": True}, tags=_IMAGE), _NEWEST
    ),
    "list, a name that nobody has": _list(ModelFilter({"name": "nobody has this"}), _BY_NAME),
    "search, two words": _search,
    "details": _details,
}


def main(data_dir: Path) -> None:
    """Answers, each time with a session of its own."""
    database = Database(sqlite_url(data_dir))
    with asyncio.Runner() as runner:

        def asked(act: Act) -> Callable[[str], int]:
            async def act_once(name: str) -> int:
                async with database.read() as session:
                    return await act(session, name)

            return lambda name: runner.run(act_once(name))

        answer({what: asked(act) for what, act in CASES.items()})
        runner.run(database.close())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
