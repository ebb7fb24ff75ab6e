"""Finding models in libraries of up to 100,000, against MLflow's registry and against plain SQL on the same file."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import registry, registry_servers
from benchmarks.library_reader import NOW, READER
from benchmarks.library_rows import write_library
from benchmarks.mlflow_environment import MlflowMissing
from benchmarks.turns import Comparison, Scale, by_turns, percentile
from modelyard.core.database import Database, sqlite_url
from modelyard.core.paging import Page, Sort
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.facets import count_facets
from modelyard.domain.models.filters import ModelFilter, model_conditions
from modelyard.domain.models.permalinks import follow_permalink
from modelyard.domain.models.queries import list_latest, list_models
from modelyard.domain.models.related import list_related
from modelyard.domain.models.requirements import create_presets
from modelyard.domain.models.search.find import found_by, search_models
from modelyard.domain.models.search.order import Order, Sorting
from modelyard.domain.models.tags import create_predefined
from modelyard.migrations.upgrade import upgrade_database

GOAL = "p99 < 50 ms"
SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (50, 100, 500)
_PLAIN = "plain SQL"
Call = Callable[[AsyncSession, str], Coroutine[Any, Any, Any]]
_NAMED = ModelFilter({"name": "detection for", "author": "organisation 1"}, {"isActive": True})
_FLAGS = ModelFilter({"author": "organisation 1"}, {"isActive": True, "isRecommended": True})
_RARE = "SELECT * FROM models m WHERE m.description LIKE '%distilled%' AND m.description LIKE '%podcasts%'"
_PARTS = "m.author LIKE '%organisation 1%' AND m.is_active"
_BY_ID = "SELECT * FROM models m JOIN versions v ON v.model_id = m.id WHERE m.id = :id"
_TAGGED = (
    "SELECT t.model_id, count(*) FROM model_tags t WHERE t.tag IN (SELECT tag FROM model_tags WHERE model_id = :id)"
    " GROUP BY t.model_id ORDER BY 2 DESC LIMIT 20"
)


BY_NAME, BY_AUTHOR = Sorting(Order.NAME), Sorting(Order.AUTHOR)
BY_USE = Sorting(Order.LAST_ACTIVE, descending=True)


async def _search_with_facets(session: AsyncSession, question: str, wanted: ModelFilter) -> None:
    found = await search_models(session, NOW, READER, question, wanted, most=10)
    await count_facets(session, READER, [*await found_by(session, found), *model_conditions(wanted, NOW)])


CASES: dict[str, tuple[Call, str]] = {
    "list, three filters by name": (
        lambda session, _: list_models(session, NOW, READER, _NAMED, Page(3, 10), Sort(("name",))),
        f"SELECT * FROM models m WHERE m.name LIKE '%detection for%' AND {_PARTS} ORDER BY m.name LIMIT 10 OFFSET 20",  # noqa: S608
    ),
    "list, three filters by last use": (
        lambda session, _: list_models(session, NOW, READER, _FLAGS, Page(2, 10), Sort(("lastActiveDateTime",), True)),
        f"SELECT * FROM models m WHERE {_PARTS} AND m.is_recommended ORDER BY m.last_active_at DESC LIMIT 10 OFFSET 10",  # noqa: S608
    ),
    "latest, a page": (
        lambda session, _: list_latest(session, NOW, READER, ModelFilter(), Page(1, 10), Sort()),
        "SELECT * FROM models m ORDER BY m.updated_at DESC LIMIT 10",
    ),
    "details": (lambda session, name: find_model(session, READER, name), _BY_ID),
    "permalink": (lambda session, name: follow_permalink(session, READER, f"{name}-organisation-old"), _BY_ID),
    "search, a rare word": (
        lambda session, _: search_models(session, NOW, READER, "distilled podcasts", ModelFilter(), most=10),
        f"{_RARE} LIMIT 10",
    ),
    "search, three filters, facets": (
        lambda session, _: _search_with_facets(session, "detection ship", _FLAGS),
        f"SELECT * FROM models m WHERE m.description LIKE '%detection%' AND {_PARTS} AND m.is_recommended LIMIT 10",  # noqa: S608
    ),
    "search, what nearly all have": (
        lambda session, _: search_models(session, NOW, READER, "model", ModelFilter(), most=10),
        "SELECT * FROM models m WHERE m.description LIKE '%model%' ORDER BY m.updated_at DESC LIMIT 10",
    ),
    "search, what nearly all have, by name": (
        lambda session, _: search_models(session, NOW, READER, "model", ModelFilter(), most=10, sorting=BY_NAME),
        "SELECT * FROM models m WHERE m.description LIKE '%model%' ORDER BY m.name_key LIMIT 10",
    ),
    "search, two words, last used first": (
        lambda session, _: search_models(session, NOW, READER, "ship image", ModelFilter(), most=10, sorting=BY_USE),
        "SELECT * FROM models m WHERE m.description LIKE '%ship%' ORDER BY m.last_active_at DESC LIMIT 10",
    ),
    "search, no word, by author": (
        lambda session, _: search_models(session, NOW, READER, "", ModelFilter(), most=10, sorting=BY_AUTHOR),
        "SELECT * FROM models m ORDER BY m.author, m.id LIMIT 10",
    ),
    "search, a rare word, by name": (
        lambda session, _: search_models(
            session, NOW, READER, "distilled podcasts", ModelFilter(), most=10, sorting=BY_NAME
        ),
        f"{_RARE} ORDER BY m.name_key LIMIT 10",
    ),
    "search, misspelt": (
        lambda session, _: search_models(session, NOW, READER, "sentimant hospitls", ModelFilter(), most=10),
        "SELECT * FROM models m WHERE m.description LIKE '%sentiment%' AND m.description LIKE '%hospitals%' LIMIT 10",
    ),
    "related models": (lambda session, name: list_related(session, READER, name), _TAGGED),
}


def measure(scale: Scale) -> Iterator[Comparison]:
    """At three sizes against MLflow's registry, at the largest against plain SQL, too."""
    sizes = SIZES if not scale.quick else QUICK_SIZES
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
            data_dir = Path(directory)
            asyncio.run(make_schema(data_dir))
            names = write_library(data_dir, size)
            if size == sizes[-1]:
                yield from _against_plain_sql(scale, data_dir, names, size)
            yield from _unless_missing(registry.compare(scale, data_dir, names, size))
    yield from _unless_missing(registry_servers.compare(scale, scale.of(10_000, 100)))


def _unless_missing(comparisons: Iterator[Comparison]) -> Iterator[Comparison]:
    """Leaves out what is compared with MLflow where that cannot be had, and says so."""
    try:
        yield from comparisons
    except MlflowMissing as missing:
        click.echo(f"  {missing}", err=True)


def _against_plain_sql(scale: Scale, data_dir: Path, names: list[str], size: int) -> Iterator[Comparison]:
    """Each case many times, each time for another model."""
    database = Database(sqlite_url(data_dir))
    with asyncio.Runner() as runner, closing(sqlite3.connect(data_dir / "modelyard.db")) as plain:
        for what, (call, statement) in CASES.items():
            ours, theirs = by_turns(
                scale.of(100, 2),
                _timer(lambda name, call=call: runner.run(_ask(database, call, name)), names),  # type: ignore[misc]
                _timer(lambda name, sql=statement: plain.execute(sql, {"id": name}).fetchall(), names),  # type: ignore[misc]
                warm_up=True,
            )
            values = [percentile(ours, 99)], [percentile(theirs, 99)]
            yield Comparison(f"library of {size:,}: {what}", _PLAIN, ours, theirs, GOAL)
            yield Comparison(f"… p99 of {len(ours)}", "… its p99", *values, GOAL)
        runner.run(database.close())


async def make_schema(data_dir: Path) -> None:
    """The tables of an installation, and what each has from the beginning."""
    database = Database(sqlite_url(data_dir))
    await upgrade_database(database)
    async with database.write() as session:
        await create_presets(session, cpus=2, memory_bytes=8_000_000_000, gpus=0)
        await create_predefined(session)
    await database.close()


async def _ask(database: Database, call: Call, name: str) -> None:
    async with database.read() as session:
        await call(session, name)


def _timer(act: Callable[[str], Any], names: list[str]) -> Callable[[], float]:
    wanted = iter(names * 10)

    def timed() -> float:
        name = next(wanted)
        began = time.perf_counter()
        act(name)
        return time.perf_counter() - began

    return timed
