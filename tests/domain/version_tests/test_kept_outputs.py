"""What run tests keep of their outputs: JSON as it is, others as files that are removed when a newer test has some."""

from sqlalchemy import select

from modelyard.adapters.container_protocols.base import ItemOutcome
from modelyard.domain.models.tables import LooseFile
from modelyard.domain.version_tests.kept_outputs import KeptFile, files_of, kept_keys, told_measurements
from modelyard.domain.version_tests.tables import TestKind, VersionTest
from tests.domain.version_tests.trials import Trials

PICTURE = b"\x89PNG, or so"


async def _passed(trials: Trials, **outputs: bytes) -> VersionTest:
    answer = {"results.json": b'{"label": "good"}', **outputs}
    trials.machine.program.answer = lambda _: ItemOutcome(answer)
    test_id, work = await trials.request(TestKind.RUN)
    await trials.run.run(work)
    return await trials.read(test_id)


async def _loose(trials: Trials) -> list[str]:
    async with trials.database.read() as session:
        return list(await session.scalars(select(LooseFile.storage_key)))


async def test_json_is_kept_in_the_test_itself(trials: Trials) -> None:
    test = await _passed(trials)

    assert test.outputs == {"results.json": {"label": "good"}}
    assert files_of(test) == []
    assert await _loose(trials) == []


async def test_other_outputs_are_kept_as_files(trials: Trials) -> None:
    test = await _passed(trials, **{"mask.png": PICTURE})

    [file] = files_of(test)
    assert (file.name, file.media_type, file.size) == ("mask.png", "image/png", len(PICTURE))
    assert await trials.storage.get(str(file.storage_key)) == PICTURE
    assert test.outputs is not None
    assert test.outputs["mask.png"] == {"mediaType": "image/png", "size": len(PICTURE)}
    assert "start_ms" in told_measurements(test)
    assert str(file.storage_key) not in str(told_measurements(test))
    assert await _loose(trials) == []


async def test_the_files_of_the_test_before_are_removed(trials: Trials) -> None:
    first = await _passed(trials, **{"mask.png": PICTURE})
    [before] = files_of(first)
    second = await _passed(trials, **{"mask.png": PICTURE + b" of another run"})
    [after] = files_of(second)

    assert await _loose(trials) == [before.storage_key]
    assert files_of(await trials.read(first.id)) == []
    async with trials.database.read() as session:
        assert await kept_keys(session, [second.version_id]) == [after.storage_key]


async def test_a_model_cannot_name_files(trials: Trials) -> None:
    forged = b'{"mediaType": "image/png", "size": 3, "storageKey": "inputs/of/others"}'
    test = await _passed(trials, **{"results.json": forged, "output_files.json": forged})

    assert files_of(test) == []


def test_what_an_older_test_left() -> None:
    assert files_of(VersionTest(measurements={"start_ms": 1})) == []
    assert KeptFile("a", "b", 1, None).storage_key is None
