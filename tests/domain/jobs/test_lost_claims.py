"""Items that a database says to run although their outcome was stored, run again."""

from modelyard.core.database import Database
from modelyard.domain.jobs.lost_claims import LostClaims
from tests.cast import CAST
from tests.domain.jobs.steps import claim, finish, item_states, submit
from tests.library import add_active
from tests.manual_clock import ManualClock


async def test_what_nobody_holds_is_queued_again(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    job = (await submit(database, clock, model_id, number=4)).job
    forgotten, held = await claim(database, clock, most=2), await claim(database, clock, most=1)
    of_another = await claim(database, clock, most=1, owner="another")
    assert forgotten
    assert held
    assert of_another
    lost = LostClaims(database, clock, "one", lambda: {held.token})

    assert await lost.release() == 0, "it may just be about to be stored"
    assert await lost.release() == 2
    assert await lost.release() == 0
    assert await item_states(database, job.id) == ["queued", "queued", "running", "running"]
    await finish(database, clock, forgotten)
    assert await item_states(database, job.id) == ["queued", "queued", "running", "running"], "it comes too late"


async def test_what_is_stored_meanwhile_is_not(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    job = (await submit(database, clock, model_id, number=2)).job
    claimed = await claim(database, clock, most=2)
    assert claimed
    lost = LostClaims(database, clock, "one", set)

    assert await lost.release() == 0
    await finish(database, clock, claimed)
    assert await lost.release() == 0
    assert await item_states(database, job.id) == ["successful", "successful"]
