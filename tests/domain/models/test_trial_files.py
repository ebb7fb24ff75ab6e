"""Test files of versions."""

import pytest
from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.errors import NotAllowed
from modelyard.domain.models.loose_files import announce_files
from modelyard.domain.models.tables import LooseFile, Scope, TestInput, VersionStatus
from modelyard.domain.models.trial_files import InputNameUnknown, TestFileTooLarge, require_input, set_test_input
from tests.cast import CAST, Cast
from tests.library import TEXT_INPUT, add_model, describe, read_version_row, set_scope
from tests.manual_clock import ManualClock


async def _set(database: Database, model_id: str, *, name: str = "", size: int = 5, key: str = "key") -> None:
    async with database.write() as session:
        announce_files(session, ManualClock(), [key])
    async with database.write() as session:
        await set_test_input(
            session,
            ManualClock(),
            CAST.alice,
            model_id,
            "0.1.0",
            name=name,
            file_name="a file.txt",
            media_type="text/plain",
            size=size,
            storage_key=key,
        )


async def _loose(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(LooseFile.storage_key)))


async def test_only_input_needs_no_name(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    row = await describe(database, model_id)
    await _set(database, model_id)

    async with database.read() as session:
        stored = await session.get(TestInput, (row, "input.txt"))
    assert stored is not None
    assert (stored.file_name, stored.size) == ("a file.txt", 5)


async def test_new_file_replaces_the_old_and_takes_back_the_run_test(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id)

    await _set(database, model_id, key="first")
    assert await _loose(database) == []
    await _set(database, model_id, key="second")
    assert await _loose(database) == ["first"], "nothing uses it any more"
    assert not (await read_version_row(database, model_id)).run_passed


@pytest.mark.parametrize("name", ["", "unknown", "../input.txt", "x" * 10_000, "\x00"])
async def test_several_inputs_need_the_right_name(database: Database, name: str) -> None:
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id, inputs=[TEXT_INPUT, TEXT_INPUT | {"name": "b"}])
    with pytest.raises(InputNameUnknown):
        await _set(database, model_id, name=name)


async def test_file_above_the_declared_size(database: Database) -> None:
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id)
    with pytest.raises(TestFileTooLarge):
        await _set(database, model_id, size=1001)


async def test_colleagues_add_no_test_files(database: Database, cast: Cast) -> None:
    model_id = await add_model(database, cast.alice)
    await describe(database, model_id)
    await set_scope(database, model_id, Scope.TEAM)
    async with database.read() as session:
        with pytest.raises(NotAllowed):
            await require_input(session, cast.bob, model_id, "0.1.0", "")


KEPT = [(VersionStatus.PARTIAL, False), (VersionStatus.INACTIVE, False), (VersionStatus.ACTIVE, True)]


@pytest.mark.parametrize(("status", "kept"), KEPT)
async def test_only_active_versions_keep_the_run_test(database: Database, status: VersionStatus, kept: bool) -> None:
    model_id = await add_model(database, CAST.alice)
    await describe(database, model_id, status=status)
    await _set(database, model_id)

    row = await read_version_row(database, model_id)
    assert (row.load_passed, row.run_passed) == (True, kept)
