"""Files of jobs that are not there."""

from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.domain.images.copies import key_of_copy
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.claims import FinishedItem, finish_items
from modelyard.domain.jobs.stray_files import StrayFiles
from tests.cast import CAST
from tests.domain.jobs.steps import OUTPUT, claim, submit
from tests.library import add_active, held_image
from tests.manual_clock import ManualClock


async def _keys(blobs: BlobStore) -> set[str]:
    return {file.key async for file in blobs.storage.list_files()}


async def test_removed_when_seen_for_an_hour(database: Database, clock: ManualClock) -> None:
    job_id = (await submit(database, clock, await add_active(database, CAST.alice))).job.id
    blobs = BlobStore(memory_storage())
    kept = [f"inputs/{job_id}/1", f"outputs/{job_id}/1", "models/one/picture", "inputs/loose"]
    stray = ["inputs/gone/1", "inputs/gone/2", "outputs/gone/1"]
    for key in kept + stray:
        await blobs.storage.put(key, b"x")
    files = StrayFiles(database, clock, blobs)

    assert await files.remove_old() == 0
    await clock.advance(3599)
    await blobs.storage.put("inputs/early/1", b"x")
    assert await files.remove_old() == 0
    await clock.advance(1)
    assert await files.remove_old() == 3
    assert await _keys(blobs) == {*kept, "inputs/early/1"}
    assert await files.remove_old() == 0


async def test_of_a_job_that_ended_only_what_its_rows_know_stays(database: Database, clock: ManualClock) -> None:
    job_id = (await submit(database, clock, await add_active(database, CAST.alice), number=1)).job.id
    blobs = BlobStore(memory_storage())
    for name in ("shown", "of-a-lost-claim"):
        await blobs.storage.put(f"outputs/{job_id}/{name}", b"x")
    claimed = await claim(database, clock)
    assert claimed is not None
    output = OUTPUT | {"data": None, "storage_key": f"outputs/{job_id}/shown"}
    async with database.write() as session:
        await finish_items(session, clock, claimed, [FinishedItem(claimed.items[0], [output])])
    files = StrayFiles(database, clock, blobs)

    assert await files.remove_old() == 0
    await clock.advance(3600)
    assert await files.remove_old() == 1
    assert await _keys(blobs) == {f"outputs/{job_id}/shown"}


async def test_a_copy_of_an_image_stays_as_long_as_a_row_holds_it(database: Database, clock: ManualClock) -> None:
    held, gone = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    async with database.write() as session:
        session.add(held_image(held))
    blobs = BlobStore(memory_storage())
    for image_id in (held, gone):
        await blobs.storage.put(key_of_copy(image_id), b"x")
    files = StrayFiles(database, clock, blobs)

    assert await files.remove_old() == 0
    await clock.advance(3600)
    assert await files.remove_old() == 1
    assert await _keys(blobs) == {key_of_copy(held)}
