"""Snapshots of a model: at most ten, in the order that its owner wants."""

import pytest

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.models.catalog import find_model
from modelyard.domain.models.picture_files import PictureKind
from modelyard.domain.models.pictures import PictureNotFound, Words, pictures_of
from modelyard.domain.models.snapshots import (
    MOST_SNAPSHOTS,
    OrderRejected,
    SnapshotsFull,
    add_snapshot,
    describe_snapshot,
    order_snapshots,
    remove_snapshot,
)
from modelyard.domain.models.tables import Scope
from tests.cast import CAST
from tests.domain.models.test_pictures import new_picture
from tests.library import add_model, audited, set_scope
from tests.manual_clock import ManualClock

ALICE = CAST.alice


async def _add(database: Database, model_id: str, number: int = 1) -> list[str]:
    async with database.write() as session:
        for _ in range(number):
            await add_snapshot(session, ManualClock(), ALICE, model_id, new_picture(), Words("Words"))
            session.expire_all()
    return await _order(database, model_id)


async def _order(database: Database, model_id: str) -> list[str]:
    async with database.read() as session:
        model = await find_model(session, ALICE, model_id)
        return [picture.id for picture in pictures_of(model, PictureKind.SNAPSHOT)]


async def test_snapshots_are_ordered_and_removed(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, ALICE)
    first, second, third = await _add(database, model_id, 3)

    async with database.write() as session:
        await order_snapshots(session, clock, ALICE, model_id, [third, first, second])
    async with database.write() as session:
        await remove_snapshot(session, clock, ALICE, model_id, first)
        await describe_snapshot(session, clock, ALICE, model_id, second, Words("Other words"))

    assert await _order(database, model_id) == [third, second]
    (*_, newest) = await _add(database, model_id)
    assert await _order(database, model_id) == [third, second, newest]
    assert (await audited(database, f"model/{model_id}"))[4:] == [
        "model:snapshots-ordered",
        "model:snapshot-removed",
        "model:snapshot-described",
        "model:snapshot-added",
    ]


async def test_ten_are_the_most(database: Database) -> None:
    model_id = await add_model(database, ALICE)
    assert len(await _add(database, model_id, MOST_SNAPSHOTS)) == MOST_SNAPSHOTS

    with pytest.raises(SnapshotsFull):
        await _add(database, model_id)


async def test_an_order_names_each_snapshot_once(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, ALICE)
    known = await _add(database, model_id, 2)
    for wrong in ([], known[:1], [known[0], known[0]], [*known, known[0]], [*known[:1], "0" * 32]):
        with pytest.raises(OrderRejected, match=known[0]):
            async with database.write() as session:
                await order_snapshots(session, clock, ALICE, model_id, wrong)

    assert await _order(database, model_id) == known


async def test_others_change_none(database: Database, clock: ManualClock) -> None:
    model_id = await add_model(database, ALICE)
    (known,) = await _add(database, model_id)
    await set_scope(database, model_id, Scope.ACCOUNT)
    async with database.write() as session:
        with pytest.raises(NotAllowed):
            await remove_snapshot(session, clock, CAST.bob, model_id, known)
        with pytest.raises(PictureNotFound):
            await remove_snapshot(session, clock, ALICE, model_id, "0" * 32)
