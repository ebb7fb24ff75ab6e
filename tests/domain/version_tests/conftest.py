"""A version that is ready for its tests."""

from pathlib import Path

import pytest

from modelyard.core.database import Database
from tests.domain.version_tests.trials import Trials
from tests.machine import Machine


@pytest.fixture
async def trials(database: Database, machine: Machine, tmp_path: Path) -> Trials:
    made = Trials(database, machine, tmp_path / "engines")
    await made.describe()
    return made
