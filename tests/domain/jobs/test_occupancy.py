"""What runs and waits, in pages for people."""

from sqlalchemy import update

from modelyard.core.database import Database
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.engines.tables import Situation
from modelyard.domain.jobs.occupancy import Occupancy, list_occupancy, read_version_occupancy
from modelyard.domain.models.catalog import find_version
from modelyard.domain.models.tables import Model
from tests.cast import Cast
from tests.entrypoints.rest.steps import add_engine
from tests.library import add_active, read_version_row
from tests.manual_clock import ManualClock


async def _list(
    database: Database, actor: Actor, *, search: str = "", is_busy_only: bool = True, page: Page | None = None
) -> list[str]:
    """The models of the versions that are listed."""
    async with database.read() as session:
        clock, size = ManualClock(), page or Page(1, 10)
        found = await list_occupancy(session, clock, actor, size, search=search, is_busy_only=is_busy_only)
    return [entry.version.model.id for entry in found.entries]


async def test_what_is_at_work(database: Database, cast: Cast) -> None:
    idle = await add_active(database, cast.alice)
    kept = await add_active(database, cast.alice, minimum_engines=1)
    waiting = await add_active(database, cast.alice)
    row = await read_version_row(database, waiting)
    async with database.write() as session:
        since = ManualClock().now()
        session.add(Situation(version_id=row.id, reason="none is free", is_quarantine=False, since=since))
    running = await add_active(database, cast.alice)
    await add_engine(database, "one")

    assert await _list(database, cast.alice) == [kept, waiting, running]
    assert await _list(database, cast.alice, is_busy_only=False) == [idle, kept, waiting, running]
    assert await _list(database, cast.alice, is_busy_only=False, page=Page(2, 3)) == [running]
    assert await _list(database, cast.charlie) == []


async def test_versions_are_found_by_the_names_of_their_models(database: Database, cast: Cast) -> None:
    model_id = await add_active(database, cast.alice)
    await add_active(database, cast.alice)
    async with database.write() as session:
        changes = {"name": "100% Große", "name_key": "100% grosse"}
        await session.execute(update(Model).where(Model.id == model_id).values(changes))

    assert await _list(database, cast.alice, search="GROẞE", is_busy_only=False) == [model_id]
    assert await _list(database, cast.alice, search="%", is_busy_only=False) == [model_id]
    assert await _list(database, cast.alice, search="_", is_busy_only=False) == []


async def test_one_version(database: Database, cast: Cast) -> None:
    model_id = await add_active(database, cast.alice)
    await add_engine(database, "one")
    await add_active(database, cast.alice)
    await add_engine(database, "another")

    async with database.read() as session:
        version = await find_version(session, cast.alice, model_id, "0.1.0")
        found = await read_version_occupancy(session, ManualClock(), cast.alice, version)

    assert isinstance(found, Occupancy)
    assert [engine.name for engine in found.engines] == ["one"]
    assert (found.waiting_items, found.waiting_jobs, found.situation) == (0, 0, None)
