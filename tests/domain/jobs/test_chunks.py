"""Chunks: appended in the order of their arrival, whole or not at all, to open jobs of one's own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.domain.accounts.roles import Role
from modelyard.domain.inputs.items import NamesTooLong
from modelyard.domain.jobs import chunks
from modelyard.domain.jobs.blobs import LARGEST_IN_ROW, BlobStore
from modelyard.domain.jobs.chunked_inputs import CHUNKS_AT_ONCE, read_chunks
from modelyard.domain.jobs.ending import cancel_job
from modelyard.domain.jobs.open_jobs import (
    ChunkBeingReceived,
    InputNotDeclared,
    InputTooLarge,
    ItemNameRejected,
    JobNotOpen,
    NotYourJob,
    OffsetWrong,
    TooManyChunks,
    TooManyItems,
)
from modelyard.domain.jobs.queries import JobNotFound
from modelyard.domain.jobs.tables import Job, JobItem
from tests.cast import CAST, with_roles
from tests.domain.jobs.steps import item_states, read_job_row, stored_inputs, submit
from tests.domain.jobs.upload_steps import Uploader
from tests.library import TEXT_INPUT, add_active, audited
from tests.manual_clock import ManualClock

ALICE = CAST.alice
LARGE = b"x" * (LARGEST_IN_ROW + 1)
MOST = 1_000_000


async def stored_keys(storage: Storage, job_id: str) -> int:
    """How many objects the storage has of a job; they are gone afterwards."""
    return await storage.delete_below(f"inputs/{job_id}")


@pytest.fixture
async def model_id(database: Database) -> str:
    other = TEXT_INPUT | {"name": "other.bin"}
    return await add_active(database, ALICE, inputs=[TEXT_INPUT | {"maximumSize": MOST}, other])


@pytest.fixture
def alice(database: Database, clock: ManualClock) -> Uploader:
    return Uploader(database, clock, BlobStore(memory_storage()), ALICE)


async def test_a_job_is_opened_without_items(database: Database, alice: Uploader, model_id: str) -> None:
    job = await read_job_row(database, await alice.open(model_id, timeout_ms=5000))

    assert (job.status, job.total, job.input_kind, job.input_bytes) == ("OPEN", 0, "file", 0)
    assert (job.timeout_ms, job.deadline) == (5000, None)
    assert (await audited(database))[-1] == "job:opened"


async def test_chunks_are_put_together_in_their_order(database: Database, alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"one ", b"and ")
    await alice.append(job_id, LARGE, b"two ")
    await alice.append(job_id, b"")
    found = await alice.append(job_id, b"three", offset=13 + LARGEST_IN_ROW)

    whole = b"one and " + LARGE + b"two three"
    (row,) = await stored_inputs(database)
    assert await read_chunks(database, alice.blobs, row.item_id, "input.txt") == whole
    assert [(chunk.position, chunk.size, chunk.data is None) for chunk in await alice.chunks()] == [
        (0, 8, False),
        (1, len(LARGE) + 4, True),
        (2, 5, False),
    ]
    assert (row.size, row.data, row.storage_key) == (len(whole), None, None)
    assert (found.job.status, found.job.total, found.job.input_bytes) == ("OPEN", 1, len(whole))
    assert await item_states(database, job_id) == ["held"]
    assert await alice.size(job_id) == len(whole)


async def test_many_chunks_are_read_page_by_page(database: Database, alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    for number in range(2 * CHUNKS_AT_ONCE):
        await alice.append(job_id, bytes([number]))

    (row,) = await stored_inputs(database)
    assert await read_chunks(database, alice.blobs, row.item_id, row.name) == bytes(range(2 * CHUNKS_AT_ONCE))


async def test_items_and_inputs_have_any_names_in_any_order(database: Database, alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    names = ["a/b/c.txt", "zwölf 🎉", "..", "🎉" * 1000, "🎉" * 999 + "x"]
    for name in names:
        await alice.append(job_id, b"1", item=name)
    for name in reversed(names):
        await alice.append(job_id, b"22", item=name, name="other.bin")
        await alice.append(job_id, b"3", item=name)

    async with database.read() as session:
        items = list(await session.scalars(select(JobItem).order_by(JobItem.position)))
    assert [(item.name, item.size) for item in items] == [(name, 4) for name in names]
    assert [await alice.size(job_id, item=name) for name in names] == [2] * 5


@pytest.mark.parametrize(
    ("item", "name", "content", "error"),
    [
        ("", "input.txt", b"x", ItemNameRejected),
        ("x" * 1001, "input.txt", b"x", ItemNameRejected),
        ("a\0b", "input.txt", b"x", ItemNameRejected),
        ("item", "unknown", b"x", InputNotDeclared),
        ("item", "other.bin", b"x" * 1001, InputTooLarge),
    ],
)
async def test_what_cannot_be_an_input_leaves_nothing(
    database: Database, alice: Uploader, model_id: str, item: str, name: str, content: bytes, error: type[Exception]
) -> None:
    job_id = await alice.open(model_id)
    with pytest.raises(error):
        await alice.append(job_id, content, item=item, name=name)

    assert (await read_job_row(database, job_id)).total == 0
    assert await stored_keys(alice.blobs.storage, job_id) == 0


async def test_the_limit_is_for_all_chunks_together(alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"x" * (MOST - 1))
    with pytest.raises(InputTooLarge, match="1000000 bytes"):
        await alice.append(job_id, LARGE)
    await alice.append(job_id, b"x")

    assert await alice.size(job_id) == MOST
    assert await stored_keys(alice.blobs.storage, job_id) == 1


async def test_items_and_chunks_are_bounded(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "MOST_CHUNKS", 2)
    alice = Uploader(database, clock, alice.blobs, ALICE, most_items=1)
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"x")
    with pytest.raises(TooManyItems, match="1 items"):
        await alice.append(job_id, LARGE, item="another")
    await alice.append(job_id, b"x")
    with pytest.raises(TooManyChunks, match="2 chunks"):
        await alice.append(job_id, LARGE)

    assert (await read_job_row(database, job_id)).total == 1
    assert await alice.size(job_id) == 2
    assert await stored_keys(alice.blobs.storage, job_id) == 0


async def test_an_upload_goes_on_where_it_ended(alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    await alice.append(job_id, b"abc", offset=0)
    await alice.append(job_id, b"abc", offset=0)  # the answer to the first was lost
    await alice.append(job_id, b"c", offset=2)
    assert await alice.size(job_id) == 3
    for offset, content in ((4, b"e"), (2, b"cd"), (10**14, b"")):
        with pytest.raises(OffsetWrong, match="has 3 bytes so far"):
            await alice.append(job_id, content, offset=offset)
    await alice.append(job_id, b"d", offset=3)

    assert await alice.size(job_id) == 4


async def test_nothing_is_there_before_the_first_chunk(alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    assert await alice.size(job_id) == 0
    with pytest.raises(InputNotDeclared):
        await alice.size(job_id, name="unknown")
    with pytest.raises(JobNotFound):
        await alice.size("none")


async def test_two_chunks_at_once_have_no_order(database: Database, alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"first "
        arrived.set()
        await go_on.wait()
        yield b"chunk"

    first = asyncio.create_task(alice.append_stream(job_id, slowly()))
    await arrived.wait()
    with pytest.raises(ChunkBeingReceived):
        await alice.append(job_id, b"second")
    await alice.append(job_id, b"beside", item="another")
    other_server = Uploader(database, ManualClock(), alice.blobs, ALICE)
    await other_server.append(job_id, b"elsewhere")
    go_on.set()
    with pytest.raises(ChunkBeingReceived):
        await first

    assert await alice.size(job_id) == len("elsewhere")


async def test_a_connection_that_ends_leaves_nothing(alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)

    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await alice.append_stream(job_id, broken())

    await alice.append(job_id, b"again", offset=0)
    assert await stored_keys(alice.blobs.storage, job_id) == 0


class CancelledCommits(Database):
    """Commits, and then learns that nobody waits any more."""

    @asynccontextmanager
    async def write(self, **options: bool) -> AsyncIterator[AsyncSession]:
        async with super().write(**options) as session:
            yield session
        raise asyncio.CancelledError


async def test_a_counted_chunk_keeps_its_bytes_when_its_sender_is_cancelled(
    database: Database, database_address: str, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    job_id = await alice.open(model_id)
    other = CancelledCommits(database_address)
    with pytest.raises(asyncio.CancelledError):
        await Uploader(other, clock, alice.blobs, ALICE).append(job_id, LARGE)
    await other.close()

    assert await alice.size(job_id) == len(LARGE)
    assert await stored_keys(alice.blobs.storage, job_id) == 1


async def test_only_open_jobs_take_chunks(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    texts = await add_active(database, ALICE)
    submitted = (await submit(database, clock, texts)).job.id
    with pytest.raises(JobNotOpen, match="is SUBMITTED"):
        await alice.append(submitted, b"x")
    canceled = await alice.open(model_id)
    async with database.write() as session:
        await cancel_job(session, clock, ALICE, canceled)
    with pytest.raises(JobNotOpen, match="is CANCELED"):
        await alice.append(canceled, b"x")


async def test_a_job_that_is_canceled_meanwhile_takes_nothing(
    database: Database, clock: ManualClock, alice: Uploader, model_id: str
) -> None:
    job_id = await alice.open(model_id)

    async def canceling() -> AsyncIterator[bytes]:
        yield LARGE
        async with database.write() as session:
            await cancel_job(session, clock, ALICE, job_id)

    with pytest.raises(JobNotOpen):
        await alice.append_stream(job_id, canceling())

    assert await stored_keys(alice.blobs.storage, job_id) == 0


async def test_nobody_uploads_to_jobs_of_others(alice: Uploader, model_id: str) -> None:
    job_id = await alice.open(model_id)
    with pytest.raises(JobNotFound):
        await alice.append(job_id, b"x", actor=CAST.charlie)
    with pytest.raises(NotYourJob):
        await alice.append(job_id, b"x", actor=with_roles(CAST.olga, Role.ACCOUNT_ADMIN, Role.DEVELOPER))

    assert await alice.size(job_id) == 0


async def test_names_of_all_items_have_a_limit(database: Database, alice: Uploader, clock: ManualClock) -> None:
    alice = Uploader(database, clock, alice.blobs, ALICE, most_items=20_000)
    job_id = await alice.open(await add_active(database, ALICE))
    async with database.write() as session:
        job = await session.get_one(Job, job_id)
        values = {"job_id": job_id, "version_id": job.version_id, "state": "held", "attempts": 0, "size": 0}
        values |= {"queued_at": clock.now()}
        rows = [values | {"position": number, "name": f"{number:01000}"} for number in range(9_000)]
        await session.execute(insert(JobItem), rows)
        job.total = 8_999
    await alice.append(job_id, b"x", item="not looked at")
    with pytest.raises(NamesTooLong):
        await alice.append(job_id, b"x", item="looked at")
