"""Sample input and output of a version."""

import pytest

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed, TooLarge
from modelyard.domain.models.samples import (
    LARGEST_SAMPLE,
    SampleMissing,
    read_sample,
    readdressed,
    write_sample,
)
from modelyard.domain.models.tables import Scope
from tests.cast import CAST, Cast
from tests.library import add_model, describe, set_scope
from tests.manual_clock import ManualClock


@pytest.mark.parametrize("kind", ["input", "output"])
@pytest.mark.parametrize("sample", [{"a": [1, 2.5, None, "☃"]}, [], "text", 0, False])
async def test_sample_comes_back_as_it_was(database: Database, kind: str, sample: object) -> None:
    model_id = await add_model(database, CAST.alice)
    async with database.write() as session:
        await write_sample(session, ManualClock(), CAST.alice, model_id, "0.1.0", kind, sample)
    async with database.read() as session:
        assert await read_sample(session, CAST.alice, model_id, "0.1.0", kind) == sample


@pytest.mark.parametrize("kind", ["input", "output"])
async def test_missing_sample(database: Database, kind: str) -> None:
    model_id = await add_model(database, CAST.alice)
    async with database.read() as session:
        with pytest.raises(SampleMissing, match=f"sample-{kind}"):
            await read_sample(session, CAST.alice, model_id, "0.1.0", kind)


async def test_input_is_made_up_from_the_declaration(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id)
    async with database.read() as session:
        sample = await read_sample(session, CAST.alice, model_id, "0.1.0", "input")

    assert sample["model"] == {"identifier": model_id, "version": "0.1.0"}
    assert list(sample["input"]["sources"]["0001"]) == ["input.txt"]


async def test_output_is_made_up_from_the_declaration(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id)
    async with database.read() as session:
        sample = await read_sample(session, CAST.alice, model_id, "0.1.0", "output")

    assert sample["results"]["0001"] == {"status": "SUCCESSFUL", "results.json": "<contents of results.json>"}


async def test_too_large_or_not_yours(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await set_scope(database, model_id, Scope.ALL)
    large = "x" * (LARGEST_SAMPLE - 1)  # with its quotes one byte too many
    for actor, sample, error in ((cast.alice, large, TooLarge), (cast.charlie, {}, NotAllowed)):
        with pytest.raises(error):
            async with database.write() as session:
                await write_sample(session, ManualClock(), actor, model_id, "0.1.0", "input", sample)


def test_samples_name_the_version_that_they_are_of() -> None:
    sample = {"model": {"identifier": "m", "version": "0.1.0"}, "input": {}}
    assert readdressed(sample, "version", "0.1.0", "0.5.0") == {
        "model": {"identifier": "m", "version": "0.5.0"},
        "input": {},
    }
    for other in (None, 5, [sample], {"model": "x"}, {"model": {"version": "0.2.0"}}):
        assert readdressed(other, "version", "0.1.0", "0.5.0") == other
