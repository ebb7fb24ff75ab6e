"""Models and engines from programs, and that both clients offer the same."""

import inspect

import pytest

from modelyard.app import Platform
from modelyard.client import AsyncClient, BadInputs, NotFound, NotOffered
from modelyard.client.awaiting import AsyncEngines, AsyncJobs, AsyncModels
from modelyard.client.blocking import Engines, Jobs, Models
from tests.cast import CAST
from tests.library import add_model


async def test_finding_models(alice: AsyncClient, charlie: AsyncClient, platform: Platform, model: str) -> None:
    for number in range(12):
        await add_model(platform.database, CAST.alice, name=f"Ships {number}")

    assert [found.name async for found in alice.models.list(is_active=True)] == ["echo"]
    assert len([found async for found in alice.models.list(name="ships")]) == 12
    assert len([found async for found in alice.models.list(most=5)]) == 5
    assert [found async for found in charlie.models.list()] == []
    assert (await alice.models.search("ech"))[0].identifier == model
    assert [found.name for found in await alice.models.search("ships", sort_by="name", most=2)] == [
        "Ships 0",
        "Ships 1",
    ]
    assert (await alice.models.get("Echo")).identifier == model
    version = await alice.models.version(model)
    assert (version.version, [one.name for one in version.inputs]) == ("0.1.0", ["input.txt"])
    assert (await alice.models.version("echo@0.1.0")).model_id == model


async def test_models_that_are_not_meant(alice: AsyncClient, platform: Platform) -> None:
    for _ in range(2):
        await add_model(platform.database, CAST.alice, name="twin")

    with pytest.raises(BadInputs, match="Several models are called 'twin'"):
        await alice.models.get("twin")
    [identifier, _] = [found.identifier async for found in alice.models.list()]
    with pytest.raises(NotFound, match="no active version"):
        await alice.models.version(identifier)
    with pytest.raises(NotFound):
        await alice.models.version(f"{identifier}@9.9.9")
    with pytest.raises(BadInputs, match="cannot be part of an address"):
        await alice.jobs.get("..")


async def test_engines(alice: AsyncClient, model: str) -> None:
    await alice.jobs.run("echo", ["x"])
    [engine] = await alice.engines.list()

    assert (engine.model_id, engine.is_ready) == (model, True)
    assert engine.started_at is not None
    limits = (await alice.models.scale("echo", minimum=0, maximum=3)).raw["processing"]
    assert limits["maximumParallelCapacity"] == 3
    try:
        assert isinstance(await alice.engines.logs(engine, tail=5), str)
    except NotOffered as error:
        assert "the logs of engines" in error.message  # noqa: PT017 - either is right, by what the server can do


@pytest.mark.parametrize(("one", "other"), [(Models, AsyncModels), (Jobs, AsyncJobs), (Engines, AsyncEngines)])
def test_both_clients_offer_the_same(one: type, other: type) -> None:
    names = {name for name in vars(one) if not name.startswith("_")}

    assert names == {name for name in vars(other) if not name.startswith("_")}
    for name in names:
        assert inspect.signature(getattr(one, name)) == inspect.signature(getattr(other, name))
        assert inspect.getdoc(getattr(one, name))
