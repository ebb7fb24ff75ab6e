"""The databases that the same tests run on: SQLite in a file, and a PostgreSQL that they start."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg
from sqlalchemy import make_url

from tests.postgres_cluster import Cluster


class Store(Protocol):
    """Where databases of tests are made. Addresses are those of the setting."""

    def new(self, directory: Path) -> contextlib.AbstractContextManager[str]:
        """An empty database, as long as the context lasts."""

    def copy_of(self, address: str, directory: Path) -> contextlib.AbstractContextManager[str]:
        """A copy of a database that nobody is connected to."""

    def tamper(self, address: str, statement: str, *values: Any) -> None:
        """What somebody does behind our back. Places of values are written `?`. Raises Refused."""


class Refused(Exception):
    """The database does not take such values."""


class SqliteStore:
    """A file in a directory of the test."""

    @contextlib.contextmanager
    def new(self, directory: Path) -> Iterator[str]:
        yield f"sqlite:///{directory / 'modelyard.db'}"

    @contextlib.contextmanager
    def copy_of(self, address: str, directory: Path) -> Iterator[str]:
        with self.new(directory) as copy:
            shutil.copy(_file(address), _file(copy))
            yield copy

    def tamper(self, address: str, statement: str, *values: Any) -> None:
        with contextlib.closing(sqlite3.connect(_file(address))) as connection:
            try:
                connection.execute(statement, values)
            except sqlite3.IntegrityError as error:
                raise Refused from error
            connection.commit()


class PostgresStore:
    """A database of the cluster that this process started."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    @contextlib.contextmanager
    def new(self, directory: Path) -> Iterator[str]:
        name = self._cluster.create()
        yield self._cluster.address(name)
        self._cluster.drop(name)

    @contextlib.contextmanager
    def copy_of(self, address: str, directory: Path) -> Iterator[str]:
        name = self._cluster.create(make_url(address).database or "")
        yield self._cluster.address(name)
        self._cluster.drop(name)

    def tamper(self, address: str, statement: str, *values: Any) -> None:
        with psycopg.connect(address) as connection:
            try:
                connection.execute(statement.replace("?", "%s").encode(), values)
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError) as error:
                raise Refused from error


def _file(address: str) -> str:
    return make_url(address).database or ""
