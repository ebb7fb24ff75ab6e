"""Jobs from programs, against a real server whose engines are fakes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.app import Platform
from modelyard.client import (
    AsyncClient,
    BadInputs,
    Client,
    Data,
    Item,
    ItemsFailed,
    Job,
    JobTakesLonger,
    NotFound,
    OutputFile,
    Refused,
)
from tests.cast import CAST
from tests.library import add_active
from tests.machine import Machine


def _moody(inputs: Mapping[str, bytes]) -> ItemOutcome:
    """Fails at what is bad; answers others with a picture as well."""
    text = inputs["input.txt"].decode()
    if "bad" in text:
        return ItemOutcome({}, "this is bad")
    answer = b'{"data":{"result":{"classPredictions":[{"class":"good","score":0.75}]},"explanation":{"words":[1]}}}'
    return ItemOutcome(outputs={"results.json": answer, "face.png": b"\x89PNG" + inputs["input.txt"]})


async def test_a_job_from_texts_to_outputs(alice: AsyncClient, model: str, machine: Machine, tmp_path: Path) -> None:
    machine.program.answer = _moody
    results = await alice.jobs.run("ECHO", {"a/b": "fine", "🙂": "bad", "c": "fine, too"}, explain=True)

    assert (list(results), results.is_complete) == (["a/b", "🙂", "c"], True)
    assert list(results.successes) == ["a/b", "c"]
    assert "this is bad" in results["🙂"].error
    with pytest.raises(ItemsFailed, match="1 item of the job"):
        results.raise_for_failures()
    good = results["a/b"]
    assert good.outputs["results.json"]["data"]["result"]["classPredictions"][0]["class"] == "good"
    assert good.explanation == {"words": [1]}
    picture = good.outputs["face.png"]
    assert isinstance(picture, OutputFile)
    assert await alice.jobs.read(picture) == b"\x89PNGfine"

    await alice.jobs.download(picture, tmp_path / "face.png")
    assert (tmp_path / "face.png").read_bytes() == b"\x89PNGfine"
    with pytest.raises(FileExistsError):
        await alice.jobs.download(picture, tmp_path / "face.png")
    folder = await alice.jobs.save(results, tmp_path / "out")
    assert (folder / "a_b" / "face.png").read_bytes() == b"\x89PNGfine"
    assert len((folder / "results.jsonl").read_text().splitlines()) == 3


async def test_the_blocking_client_does_the_same(blocking: Client, model: str, machine: Machine) -> None:
    machine.program.answer = _moody

    def work() -> None:
        seen: list[Job] = []
        job = blocking.jobs.submit(model, ["one", b"two", "bad"], version="0.1.0")
        assert blocking.jobs.wait(job, progress=seen.append).failed == 1
        assert seen[-1].has_ended
        assert sorted(item.name for item in blocking.jobs.iterate(job)) == ["0001", "0002", "0003"]
        assert blocking.jobs.result(job, "0001").is_successful
        assert [found.identifier for found in blocking.jobs.history(model="echo", most=5)] == [job.identifier]

        same = blocking.jobs.wait(blocking.jobs.retry_failed(job))  # the server still has what was sent
        assert list(blocking.jobs.results(same)) == ["0003"]
        assert not same.is_good
        with pytest.raises(BadInputs, match="go with inputs"):
            blocking.jobs.retry_failed(job, explain=True)
        again = blocking.jobs.retry_failed(job, {"0001": "one", "0003": "mended"})
        assert blocking.jobs.wait(again).is_good
        assert list(blocking.jobs.results(again)) == ["0003"]
        with pytest.raises(BadInputs, match="nothing to do again"):
            blocking.jobs.retry_failed(again, {"0003": "mended"})
        with pytest.raises(BadInputs, match="not among the inputs: '0003'"):
            blocking.jobs.retry_failed(job.identifier, {"0001": "one"})

    await asyncio.to_thread(work)


async def test_kinds_of_values(alice: AsyncClient, model: str, machine: Machine, tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_bytes(b"from a file")
    machine.program.answer = lambda inputs: ItemOutcome(outputs={"results.json": b'"%s"' % inputs["input.txt"]})
    given = {"path": file, "data": Data(b"typed", "text/plain"), "named": {"input.txt": "by name"}, "json": 7}

    results = await alice.jobs.run(model, given)
    assert {name: item.output for name, item in results.items()} == {
        "path": "from a file",
        "data": "typed",
        "named": "by name",
        "json": "7",
    }
    assert list(await alice.jobs.run("echo@0.1.0", [file, file])) == ["letter.txt", "letter.txt (2)"]


async def test_items_come_while_others_run(alice: AsyncClient, model: str, machine: Machine) -> None:
    job = await alice.jobs.submit(model, {str(number): "text" for number in range(30)})
    found: list[Item] = [item async for item in alice.jobs.iterate(job)]

    assert {item.name for item in found} == {str(number) for number in range(30)}


async def test_cancelling_and_waiting_too_short(alice: AsyncClient, model: str, machine: Machine) -> None:
    machine.program.run_hangs = True
    job = await alice.jobs.submit(model, {"a": "x"}, timeout=3600)
    with pytest.raises(JobTakesLonger):
        await alice.jobs.wait(job, timeout=0.05)
    with pytest.raises(BadInputs, match="has not ended"):
        await alice.jobs.retry_failed(job, {"a": "x"})

    assert (await alice.jobs.cancel(job)).status == "CANCELED"
    ended = await alice.jobs.wait(job.identifier)
    assert not ended.is_good
    assert (await alice.jobs.results(ended)).is_complete


@pytest.mark.parametrize("address", ["s3://bucket/key", "s3://bucket/folder/"])
@pytest.mark.parametrize("key", ["", "known"])
async def test_a_server_understands_what_is_said_of_s3(alice: AsyncClient, model: str, address: str, key: str) -> None:
    with pytest.raises(Refused, match=r"127\.0\.0\.1") as caught:  # where it may not fetch from
        await alice.jobs.submit_s3(
            model, [address], access_key_id=key, secret_access_key=key, endpoint="http://127.0.0.1:9"
        )
    assert "input." not in caught.value.message.replace("input.endpoint", "")


async def test_what_cannot_be_submitted(alice: AsyncClient, charlie: AsyncClient, platform: Platform) -> None:
    two = [{"name": name, "acceptedMediaTypes": "text/plain", "maximumSize": 9, "description": ""} for name in "ab"]
    model = await add_active(platform.database, CAST.alice, inputs=two)
    with pytest.raises(BadInputs, match="2 inputs"):
        await alice.jobs.submit(model, ["bare"])
    with pytest.raises(BadInputs, match="no item"):
        await alice.jobs.submit(model, {})
    with pytest.raises(BadInputs, match="is no input"):
        await alice.jobs.submit(model, {"x": {"a": object()}})
    with pytest.raises(NotFound, match=r"no model 'ecko'\. Did you mean 'echo'"):
        await alice.jobs.submit("ecko", {"a": {"a": "x"}})
    with pytest.raises(NotFound):
        await charlie.jobs.submit(model, {"a": {"a": "x"}})
    with pytest.raises(NotFound):
        await alice.jobs.get("00000000-0000-4000-8000-000000000000")
