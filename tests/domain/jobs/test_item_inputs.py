"""Inputs of claimed items: stored ones are read, others are fetched; each failure is its item's alone."""

from pathlib import Path
from typing import Any

import pytest

from modelyard.adapters.sources.base import AccessDenied, CredentialsExpired, SourceNotReachable
from modelyard.adapters.sources.fake import FakeSources
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.destinations import DestinationForbidden
from modelyard.domain.inputs import fetch
from modelyard.domain.jobs import item_inputs
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.ending import end_job
from modelyard.domain.jobs.item_inputs import Inputs
from modelyard.domain.jobs.spool import Spool
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.submit import Submission
from tests.cast import CAST
from tests.domain.jobs.steps import claim, input_reader, read_job_row, submit, submitter
from tests.library import add_active
from tests.manual_clock import ManualClock

SECRET = "the-secret-access-key"
S3 = {"accessKeyID": "AKIA", "secretAccessKey": SECRET, "region": "eu-central-1"}


async def submit_keys(
    database: Database, clock: ManualClock, sources: FakeSources, *keys: str, **version: Any
) -> tuple[str, list[int]]:
    """A job of objects of the bucket b; returns its identifier and the claimed items."""
    model_id = await add_active(database, CAST.alice, **version)
    places = {key: {"input.txt": {"bucket": "b", "key": key}} for key in keys}
    taker = submitter(database, clock, sources=sources)
    stored = await taker.submit(CAST.alice, Submission(model_id, "0.1.0", "aws-s3", places, source=S3))
    claimed = await claim(database, clock, stored.job.version_id, most=100)
    assert claimed is not None
    return stored.job.id, [item.id for item in claimed.items]


async def read(database: Database, sources: FakeSources, items: list[int]) -> list[Inputs]:
    spool = Spool(Path("/nowhere/engine/exchange"))
    found = await input_reader(database, BlobStore(memory_storage()), sources).read(items, spool)
    return [found[item] for item in items]


async def test_objects_are_fetched(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"one": b"1", "two": b"22"}})
    job_id, items = await submit_keys(database, clock, sources, "one", "two", "missing")

    one, two, missing = await read(database, sources, items)

    assert (one.values, two.values) == ({"input.txt": b"1"}, {"input.txt": b"22"})
    assert missing.error == "the input 'input.txt' could not be fetched: there is no object 'missing' in 'b'"
    assert missing.error_side == "caller"
    job = await read_job_row(database, job_id)
    assert SECRET not in (job.sealed_source or SECRET)


async def test_stored_inputs_need_no_source(database: Database, clock: ManualClock) -> None:
    model_id = await add_active(database, CAST.alice)
    await submit(database, clock, model_id, number=1)
    claimed = await claim(database, clock)
    assert claimed is not None

    (found,) = await read(database, FakeSources(), [claimed.items[0].id])

    assert found.values == {"input.txt": b"text 0"}


async def test_what_is_away_is_tried_again(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"one": b"1"}})
    _, items = await submit_keys(database, clock, sources, "one")
    sources.failures = [SourceNotReachable("it is away")] * 2

    (found,) = await read(database, sources, items)

    assert found.values == {"input.txt": b"1"}


async def test_failures_say_whose_they_are(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"one": b"1"}})
    _, items = await submit_keys(database, clock, sources, "one")
    for failures, side, reason in (
        ([SourceNotReachable("it is away")] * fetch.MOST_TRIES, "platform", "it is away"),
        ([CredentialsExpired()], "caller", "credentials have expired"),
        ([AccessDenied("b/one")], "caller", "do not allow to read b/one"),
        ([DestinationForbidden("localhost", 80)], "caller", "may not connect"),
    ):
        sources.failures = list(failures)

        (found,) = await read(database, sources, items)

        assert found.error_side == side
        assert reason in (found.error or "")
        assert found.values == {}


async def test_what_nobody_expected_fails_only_its_item(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"one": b"1", "two": b"2"}})
    _, items = await submit_keys(database, clock, sources, "one", "two")
    sources.failures = [RuntimeError("it panicked")]

    one, two = await read(database, sources, items)

    assert (one.error_side, two.error) == ("platform", None)
    assert "(RuntimeError); see the server's log" in (one.error or "")
    assert two.values == {"input.txt": b"2"}


async def test_too_large_inputs_fail(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"one": b"x" * 1001}})
    _, items = await submit_keys(database, clock, sources, "one")

    (found,) = await read(database, sources, items)

    assert "more than the 1000 bytes" in (found.error or "")


async def test_json_is_compared_with_the_schema(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"good": b"{}", "bad": b"[]", "ugly": b"{"}})
    declared = [
        {"name": "input.txt", "acceptedMediaTypes": "application/json", "maximumSize": 1000, "description": "d"}
    ]
    _, items = await submit_keys(
        database, clock, sources, "good", "bad", "ugly", inputs=declared, input_validation_schema='{"type": "object"}'
    )

    good, bad, ugly = await read(database, sources, items)

    assert good.error is None
    assert "schema" in (bad.error or "")
    assert "not valid JSON" in (ugly.error or "")


async def test_what_has_no_room_is_postponed(database: Database, clock: ManualClock) -> None:
    declared = [{"name": "input.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 1_000_000, "description": "d"}]
    sources = FakeSources({"b": {str(number): b"x" * 900_000 for number in range(100)}})
    _, items = await submit_keys(database, clock, sources, *(str(number) for number in range(100)), inputs=declared)

    found = await read(database, sources, items)

    fetched = [inputs for inputs in found if inputs.values]
    assert found[0].values
    assert sum(inputs.bytes_in_memory() for inputs in fetched) <= fetch.BYTES_TOGETHER + 900_000
    assert all(inputs.is_postponed and not inputs.error for inputs in found if not inputs.values)
    assert 0 < len(fetched) < 100


async def test_ended_jobs_have_no_access_any_more(database: Database, clock: ManualClock) -> None:
    sources = FakeSources({"b": {"one": b"1"}})
    job_id, items = await submit_keys(database, clock, sources, "one")
    async with database.write() as session:
        await end_job(session, job_id, JobStatus.CANCELED, clock.now(), "no more")

    (found,) = await read(database, sources, items)

    assert "the job has ended" in (found.error or "")
    assert (await read_job_row(database, job_id)).sealed_source is None
    assert sources.opened == []


LARGE = [{"name": "input.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 1_000_000, "description": "d"}]


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spool:
    """Takes what has more than a hundred bytes."""
    monkeypatch.setattr(item_inputs, "LARGEST_IN_MEMORY", 100)
    (tmp_path / "engine" / "exchange").mkdir(parents=True)
    return Spool(tmp_path / "engine" / "exchange")


def _files(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "engine" / "spool").glob("*"))


async def test_large_objects_become_files(database: Database, clock: ManualClock, spool: Spool, tmp_path: Path) -> None:
    sources = FakeSources({"b": {"small": b"s" * 100, "large": b"l" * 101}})
    _, items = await submit_keys(database, clock, sources, "small", "large", inputs=LARGE)
    small, large = (await input_reader(database, BlobStore(memory_storage()), sources).read(items, spool)).values()

    assert small.values == {"input.txt": b"s" * 100}
    path = large.values["input.txt"]
    assert isinstance(path, Path)
    assert path.read_bytes() == b"l" * 101
    assert _files(tmp_path) == [path]


async def test_files_have_a_budget_too(
    database: Database, clock: ManualClock, spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_inputs, "Room", lambda: fetch.Room(files_left=1_000_000))
    sources = FakeSources({"b": {str(number): b"x" * 300_000 for number in range(9)}})
    _, items = await submit_keys(database, clock, sources, *map(str, range(9)), inputs=LARGE)
    found = await input_reader(database, BlobStore(memory_storage()), sources).read(items, spool)

    fetched = [inputs for inputs in found.values() if inputs.values]
    assert found[items[0]].values
    assert 1 <= len(fetched) <= 4
    assert all(inputs.is_postponed for inputs in found.values() if not inputs.values)
    assert len(_files(tmp_path)) == len(fetched)


async def test_json_in_a_file_is_compared_with_the_schema(
    database: Database, clock: ManualClock, spool: Spool, tmp_path: Path
) -> None:
    sources = FakeSources({"b": {"good": b"{" + b" " * 200 + b"}", "bad": b"[" + b" " * 200 + b"]"}})
    declared = [LARGE[0] | {"acceptedMediaTypes": "application/json"}]
    _, items = await submit_keys(
        database, clock, sources, "good", "bad", inputs=declared, input_validation_schema='{"type": "object"}'
    )
    good, bad = (await input_reader(database, BlobStore(memory_storage()), sources).read(items, spool)).values()

    assert good.error is None
    assert "schema" in (bad.error or "")
    assert len(_files(tmp_path)) == 1


async def test_a_large_object_that_fails_leaves_no_file(
    database: Database, clock: ManualClock, spool: Spool, tmp_path: Path
) -> None:
    sources = FakeSources({"b": {"large": b"x" * 1_000_001}})
    _, items = await submit_keys(database, clock, sources, "large", inputs=LARGE)
    (found,) = (await input_reader(database, BlobStore(memory_storage()), sources).read(items, spool)).values()

    assert "more than the 1000000 bytes" in (found.error or "")
    assert _files(tmp_path) == []
