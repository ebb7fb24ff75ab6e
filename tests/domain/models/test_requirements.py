"""Hardware presets for small and large machines, and the numbers that existing clients send."""

import pytest
from sqlalchemy import func, select

from modelyard.core.database import Database
from modelyard.domain.models.requirements import (
    RequirementUnknown,
    create_presets,
    find_preset,
    list_presets,
    presets_for,
)
from modelyard.domain.models.tables import Requirement
from tests.cast import CAST

GIGABYTE = 1_000_000_000
ACCOUNT = CAST.alice.account_id


@pytest.mark.parametrize(
    ("cpus", "gigabytes", "gpus", "offered"),
    [
        (1, 0.5, 0, [1]),
        (1, 1, 0, [1]),
        (2, 4, 0, [1, 2, 3]),
        (2, 64, 0, [1, 2, 3]),
        (4, 16, 1, [1, 2, 3, 4, -6]),
        (64, 512, 8, [1, 2, 3, 4, 5, 6, -6]),
    ],
)
def test_presets_fit_the_machine(cpus: int, gigabytes: float, gpus: int, offered: list[int]) -> None:
    presets = presets_for(cpus, int(gigabytes * GIGABYTE), gpus)

    assert [preset.id for preset in presets if preset.is_active] == offered
    assert {1, -6, -99} <= {preset.id for preset in presets}
    for preset in presets:
        assert preset.memory_bytes >= GIGABYTE
        assert preset.gpu_units == (1 if preset.id == -6 else 0)
        assert preset.id == 1 or preset.cpu_millis <= cpus * 1000


async def test_presets_are_created_once(database: Database) -> None:
    async with database.write() as session:
        before = await session.scalar(select(func.count()).select_from(Requirement))
        await create_presets(session, cpus=64, memory_bytes=512 * GIGABYTE, gpus=8)
        after = await session.scalar(select(func.count()).select_from(Requirement))

    assert before == after


async def test_list_offers_the_active_ones_smallest_first(database: Database) -> None:
    async with database.read() as session:
        assert [preset.id for preset in await list_presets(session, ACCOUNT)] == [1, 2, 3, 4]


@pytest.mark.parametrize(("wanted", "found"), [(1, 1), (-3, 1), (-6, -6), (-99, -99), (4, 4)])
async def test_known_numbers(database: Database, wanted: int, found: int) -> None:
    async with database.read() as session:
        assert (await find_preset(session, wanted, account_id=ACCOUNT, model_id="")).id == found


@pytest.mark.parametrize("wanted", [0, 5, 7, -1, -100, 2**31, 2**63, -(2**63) - 1, 10**30])
async def test_unknown_numbers_are_answered_with_the_known_ones(database: Database, wanted: int) -> None:
    async with database.read() as session:
        with pytest.raises(RequirementUnknown, match=r"\[1, 2, 3, 4\]"):
            await find_preset(session, wanted, account_id=ACCOUNT, model_id="")
