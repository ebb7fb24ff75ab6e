"""Addresses of databases: which ones are understood, and that none is shown with its password."""

import pytest

from modelyard.core.database_address import DatabaseAddressUnusable, read_database_address


@pytest.mark.parametrize(
    ("written", "driver", "host", "database"),
    [
        ("postgresql://ada:secret@db.example.org/models", "postgresql+psycopg", "db.example.org", "models"),
        ("postgresql+psycopg://ada@[::1]:5433/models", "postgresql+psycopg", "::1", "models"),
        ("postgres:///models?host=/run/postgresql", "postgresql+psycopg", None, "models"),
        ("sqlite:////srv/models.db", "sqlite+aiosqlite", None, "/srv/models.db"),
        ("sqlite+aiosqlite:///models.db", "sqlite+aiosqlite", None, "models.db"),
    ],
)
def test_addresses_with_the_driver_of_ours(written: str, driver: str, host: str | None, database: str) -> None:
    address = read_database_address(written)

    assert (address.drivername, address.host, address.database) == (driver, host, database)


def test_letters_of_a_password_may_be_encoded() -> None:
    address = read_database_address("postgresql://ada:p%40ss%2Fword@db.example.org/models")

    assert address.password == "p@ss/word"
    assert "p@ss" not in f"{address} {address!r}"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("mysql://ada:hunter2@db/models", "the scheme 'mysql'"),
        ("postgresql+asyncpg://ada:hunter2@db/models", "the scheme 'postgresql\\+asyncpg'"),
        ("ada:hunter2@db/models", "cannot be understood"),
        ("postgresql://ada:hunter2@db:port/models", "cannot be understood"),
        ("postgresql://ada:hunter2@db", "names no database"),
        ("sqlite://", "names no database"),
        ("sqlite:///:memory:", "names no database"),
        ("hunter2", "cannot be understood"),
    ],
)
def test_other_addresses_are_refused_without_being_shown(written: str, problem: str) -> None:
    with pytest.raises(DatabaseAddressUnusable, match=problem) as refused:
        read_database_address(written)

    assert "hunter2" not in refused.value.message
    assert "postgresql://user:password@host/database" in refused.value.message
