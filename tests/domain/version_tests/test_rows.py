"""What a test has shown counts only for what was tested."""

from typing import Any

import pytest
from sqlalchemy import update

from modelyard.core.database import Database
from modelyard.domain.engines.rows import load_version
from modelyard.domain.models.passed_tests import LOAD_DEPENDS_ON, RUN_DEPENDS_ON
from modelyard.domain.models.tables import Version
from modelyard.domain.version_tests.rows import ChangedMeanwhile, require_unchanged
from tests.cast import CAST
from tests.library import add_active


async def _change_while_tested(database: Database, **values: Any) -> Version:
    await add_active(database, CAST.alice)
    async with database.read() as session:
        tested = await load_version(session, 1)
    async with database.write() as session:
        await session.execute(update(Version).where(Version.id == 1).values(**values))
    return tested


@pytest.mark.parametrize("changed", [{"image_id": None}, {"requirement_id": 2}])
async def test_other_image_or_preset_has_not_passed(database: Database, changed: dict[str, Any]) -> None:
    tested = await _change_while_tested(database, **changed)
    async with database.read() as session:
        with pytest.raises(ChangedMeanwhile):
            await require_unchanged(session, tested, LOAD_DEPENDS_ON)


async def test_other_contract_has_not_passed_the_run_test(database: Database) -> None:
    tested = await _change_while_tested(database, outputs=[])
    async with database.read() as session:
        await require_unchanged(session, tested, LOAD_DEPENDS_ON)
        with pytest.raises(ChangedMeanwhile):
            await require_unchanged(session, tested, RUN_DEPENDS_ON)


async def test_words_may_change_meanwhile(database: Database) -> None:
    tested = await _change_while_tested(database, long_description="better")
    async with database.read() as session:
        await require_unchanged(session, tested, RUN_DEPENDS_ON)
