"""Installations that move from any database to any other."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from modelyard.core.database import Database
from modelyard.migrations.upgrade import upgrade_database
from tests.stores import PostgresStore, SqliteStore, Store


@pytest.fixture
async def source(empty: str) -> AsyncIterator[Database]:
    """A database with a schema alone, in each of the stores."""
    opened = Database(empty)
    await upgrade_database(opened)
    yield opened
    await opened.close()


@pytest.fixture(params=["to sqlite", "to postgres"])
def target_store(request: pytest.FixtureRequest) -> Store:
    """Where it moves to."""
    return SqliteStore() if request.param == "to sqlite" else PostgresStore(request.getfixturevalue("cluster"))


@pytest.fixture
def target_directory(tmp_path: Path) -> Path:
    """The data directory that it moves to."""
    directory = tmp_path / "target"
    directory.mkdir()
    return directory


@pytest.fixture
def target_address(target_store: Store, target_directory: Path) -> Iterator[str]:
    with target_store.new(target_directory) as made:
        yield made


@pytest.fixture
async def target(target_address: str) -> AsyncIterator[Database]:
    """A database with a schema alone."""
    opened = Database(target_address)
    await upgrade_database(opened)
    yield opened
    await opened.close()
