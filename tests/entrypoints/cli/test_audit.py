"""`modelyard audit verify` on a data directory, while the server runs or not."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modelyard.core.database import Database
from modelyard.entrypoints.cli import main
from modelyard.migrations.upgrade import upgrade_database
from modelyard.settings import Settings
from tests.domain.audit.trails import events, tamper, tell
from tests.manual_clock import ManualClock


@pytest.fixture(autouse=True)
def _clean_environment(settings: Settings) -> None:
    """The fixture `settings` takes what others have set out of the environment."""


def _verify(directory: Path) -> Result:
    return CliRunner().invoke(main, ["audit", "verify", "--data-dir", str(directory)])


@pytest.mark.parametrize("command", [("audit",), ("audit", "verify")])
def test_help(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_a_trail_without_rows(data_dir: Path) -> None:
    result = _verify(data_dir)

    assert result.exit_code == 0
    assert result.output.startswith("The audit trail is sound: 0 rows.")


# These run the command in a thread of their own: it has an event loop of its own.
async def _verify_aside(directory: Path) -> Result:

    return await asyncio.to_thread(_verify, directory)


async def test_a_sound_trail_shows_its_last_hash(data_dir: Path, database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "model:created", "model:changed")
    last = (await events(database))[-1]
    result = await _verify_aside(data_dir)

    assert result.exit_code == 0
    assert result.output == f"The audit trail is sound: 2 rows. The last is 2, its hash {last.hash}.\n"


async def test_an_altered_trail_is_told_with_the_row(data_dir: Path, database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "model:created", "model:changed", "model:changed")
    tamper(data_dir, "UPDATE audit_events SET actor = 'nobody' WHERE id = 2")
    result = await _verify_aside(data_dir)

    assert result.exit_code == 1
    assert result.output == "The audit trail is not as it was written: row 2 was altered.\n"
    assert isinstance(result.exception, SystemExit)


def test_a_directory_without_a_database(tmp_path: Path) -> None:
    result = _verify(tmp_path / "nothing")

    assert result.exit_code == 1
    assert "There is no database in" in result.output
    assert not (tmp_path / "nothing").exists()


async def test_a_database_of_an_older_version(tmp_path: Path) -> None:
    old = Database(f"sqlite+aiosqlite:///{tmp_path / 'modelyard.db'}")
    await upgrade_database(old, "0001")
    await old.close()
    result = await _verify_aside(tmp_path)

    assert result.exit_code == 1
    assert "modelyard migrate" in result.output
