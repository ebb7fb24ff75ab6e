"""Reads the address of a database as operators write it."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from modelyard.core.errors import InvalidInput

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}
_POSSIBLE = "postgresql://user:password@host/database or sqlite:///path/to/file.db"


class DatabaseAddressUnusable(InvalidInput):
    """The address of the database cannot be used; never says what it is, because a password may be in it."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The address of the database {problem}; write {_POSSIBLE}.")


def read_database_address(text: str) -> URL:
    """The address with the driver that we use; it shows no password when it is printed.

    Raises DatabaseAddressUnusable.
    """
    try:
        address = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseAddressUnusable("cannot be understood") from None
    driver = _DRIVERS.get(address.drivername)
    if driver is None:
        raise DatabaseAddressUnusable(f"has the scheme {address.drivername[:40]!r}, which is not supported")
    if not address.database or address.database == ":memory:":
        raise DatabaseAddressUnusable("names no database")
    return address.set(drivername=driver)
