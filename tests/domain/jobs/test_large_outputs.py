"""Outputs on their way from an engine: large ones as files, which are stored and gone afterwards, whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import select

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.adapters.container_protocols.fake import FakeProgram
from modelyard.adapters.container_protocols.output_files import LargeOutput
from modelyard.core.database import Database
from modelyard.domain.jobs.tables import ItemOutput, JobItem
from tests.cast import CAST
from tests.domain.jobs.steps import submit
from tests.domain.jobs.test_run import Pumps
from tests.library import JSON_OUTPUT, add_active
from tests.manual_clock import ManualClock

IMAGE = JSON_OUTPUT | {"name": "image.bin", "mediaType": "application/octet-stream", "maximumSize": 1_000_000}
LARGE_JSON = JSON_OUTPUT | {"maximumSize": 1_000_000}
CONTENT = bytes(range(256)) * 1000


@pytest.fixture
async def pumps(database: Database) -> AsyncIterator[Pumps]:
    made = Pumps(database)
    task = asyncio.create_task(made.runner.run())
    yield made
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Where the files are that come from an engine."""
    path = tmp_path / "outputs"
    path.mkdir()
    return path


def _giving(folder: Path, name: str, content: bytes, *, size: int | None = None) -> FakeProgram:
    """A program that gives each item a file with this content."""

    def answer(_: Mapping[str, bytes]) -> ItemOutcome:
        path = folder / f"{len(list(folder.iterdir()))}"
        path.write_bytes(content)
        return ItemOutcome({name: LargeOutput(path, len(content) if size is None else size)})

    return FakeProgram(answer=answer)


async def _outputs(database: Database) -> list[ItemOutput]:
    async with database.read() as session:
        return list(await session.scalars(select(ItemOutput)))


async def _error(database: Database) -> tuple[str | None, str | None]:
    async with database.read() as session:
        item = (await session.scalars(select(JobItem))).one()
        return item.error, item.error_side


async def test_a_file_goes_to_the_storage(pumps: Pumps, clock: ManualClock, outputs: Path) -> None:
    model_id = await add_active(pumps.database, CAST.alice, outputs=[IMAGE])
    pumps.start(_giving(outputs, "image.bin", CONTENT))
    job = (await submit(pumps.database, clock, model_id, number=1)).job

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 1, 0)
    (output,) = await _outputs(pumps.database)
    assert (output.media_type, output.size, output.data) == ("application/octet-stream", len(CONTENT), None)
    assert await pumps.blobs.read(output) == CONTENT
    assert list(outputs.iterdir()) == []


async def test_json_in_a_file_is_made_compact(pumps: Pumps, clock: ManualClock, outputs: Path) -> None:
    model_id = await add_active(pumps.database, CAST.alice, outputs=[LARGE_JSON])
    pumps.start(_giving(outputs, "results.json", b"[" + b"1, " * 100_000 + b"NaN ]"))
    job = (await submit(pumps.database, clock, model_id, number=1)).job

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 1, 0)
    (output,) = await _outputs(pumps.database)
    assert await pumps.blobs.read(output) == b"[" + b"1," * 100_000 + b"null]"
    assert list(outputs.iterdir()) == []


@pytest.mark.parametrize(
    ("declared", "name", "content", "size", "error"),
    [
        (IMAGE, "image.bin", b"x" * 1_000_001, None, "has 1000001 bytes; its version declares at most 1000000"),
        (IMAGE, "other.bin", CONTENT, None, "the model returned no 'image.bin'"),
        (LARGE_JSON, "results.json", b"{" * 100_000, None, "is not JSON"),
        (IMAGE, "image.bin", CONTENT, len(CONTENT) + 1, "changed an output after it had reported success"),
    ],
    ids=["larger than declared", "another one", "no JSON", "changed"],
)
async def test_what_is_wrong_with_a_file_fails_the_item(
    pumps: Pumps,
    clock: ManualClock,
    outputs: Path,
    declared: dict[str, object],
    name: str,
    content: bytes,
    size: int | None,
    error: str,
) -> None:
    model_id = await add_active(pumps.database, CAST.alice, outputs=[declared])
    pumps.start(_giving(outputs, name, content, size=size))
    job = (await submit(pumps.database, clock, model_id, number=1)).job

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 0, 1)
    text, side = await _error(pumps.database)
    assert (error in (text or ""), side) == (True, "model"), text
    assert await _outputs(pumps.database) == []
    assert [file async for file in pumps.blobs.storage.list_files()] == []
    assert list(outputs.iterdir()) == []


async def test_a_file_that_went_with_its_engine_is_made_again(pumps: Pumps, clock: ManualClock, outputs: Path) -> None:
    model_id = await add_active(pumps.database, CAST.alice, outputs=[IMAGE])
    gone = LargeOutput(outputs / "gone", 100_000)
    pumps.start(FakeProgram(answer=lambda _: ItemOutcome({"image.bin": gone})))
    job = (await submit(pumps.database, clock, model_id, number=1)).job
    async with asyncio.timeout(10):
        while not pumps.buried:  # noqa: ASYNC110 - the list rings no bell
            await asyncio.sleep(0.01)
    pumps.start(_giving(outputs, "image.bin", CONTENT))

    assert await pumps.until(job.id, "COMPLETED") == ("COMPLETED", 1, 0)
