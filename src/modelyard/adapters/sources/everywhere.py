"""All the sources that a server reaches, behind the rules about destinations."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from modelyard.adapters.sources import mysql_rows, oracle_rows, sqlserver_rows
from modelyard.adapters.sources.azure_blobs import azure_endpoint, azure_stores
from modelyard.adapters.sources.base import (
    AzureAccess,
    DatabaseAccess,
    DatabaseKind,
    DriverMissing,
    ObjectAccess,
    Objects,
    Row,
    S3Access,
)
from modelyard.adapters.sources.driver_rows import Driver, stream_rows
from modelyard.adapters.sources.guard_proxy import GuardProxy
from modelyard.adapters.sources.object_stores import ObjectStores
from modelyard.adapters.sources.s3_objects import s3_endpoint, s3_stores
from modelyard.adapters.sources.sqlite_rows import find_file, sqlite_driver
from modelyard.core.destinations import Destinations

_PORTS = {"http": 80, "https": 443}
_DRIVERS: dict[DatabaseKind, tuple[str, str, str, Callable[[], Driver]]] = {
    DatabaseKind.MYSQL: ("MySQL and MariaDB", mysql_rows.MODULE, mysql_rows.EXTRA, mysql_rows.mysql_driver),
    DatabaseKind.SQL_SERVER: (
        "SQL Server",
        sqlserver_rows.MODULE,
        sqlserver_rows.EXTRA,
        sqlserver_rows.sqlserver_driver,
    ),
    DatabaseKind.ORACLE: ("Oracle", oracle_rows.MODULE, oracle_rows.EXTRA, oracle_rows.oracle_driver),
}


class RealSources:
    """Reaches what the rules allow.

    Args:
        sqlite_directory: where the SQLite files are that jobs may read; None: they may read none.
    """

    def __init__(self, destinations: Destinations, sqlite_directory: Path | None) -> None:
        self._destinations = destinations
        self._sqlite_directory = sqlite_directory
        self._proxy = GuardProxy(destinations)

    async def check(self, access: ObjectAccess | DatabaseAccess) -> None:
        if isinstance(access, DatabaseAccess):
            if access.kind is DatabaseKind.SQLITE:
                find_file(self._sqlite_directory, access.name)
                return
            _require_driver(access.kind)
            await self._destinations.approve(access.host, access.port)
            return
        place = urlsplit(_endpoint(access))
        await self._destinations.approve(place.hostname or "", place.port or _PORTS[place.scheme])

    @contextlib.asynccontextmanager
    async def objects(self, access: ObjectAccess) -> AsyncIterator[Objects]:
        await self.check(access)
        ticket = await self._proxy.open_ticket()
        try:
            address = self._proxy.address(ticket)
            make = s3_stores(access, address) if isinstance(access, S3Access) else azure_stores(access, address)
            yield ObjectStores(self._proxy, ticket, make)
        finally:
            self._proxy.close_ticket(ticket)

    def rows(self, access: DatabaseAccess) -> AsyncGenerator[Row]:
        if access.kind is DatabaseKind.POSTGRESQL:
            from modelyard.adapters.sources.postgres_rows import stream_postgres_rows  # noqa: PLC0415 - slow to import

            return stream_postgres_rows(access, self._destinations)
        if access.kind is DatabaseKind.SQLITE:
            return stream_rows(sqlite_driver(self._sqlite_directory), access, self._destinations)
        _require_driver(access.kind)
        return self._checked_rows(access)

    async def close(self) -> None:
        await self._proxy.close()

    async def _checked_rows(self, access: DatabaseAccess) -> AsyncGenerator[Row]:
        await self.check(access)
        async with contextlib.aclosing(stream_rows(_DRIVERS[access.kind][3](), access, self._destinations)) as rows:
            async for row in rows:
                yield row


def _require_driver(kind: DatabaseKind) -> None:
    if kind in _DRIVERS:
        name, module, extra, _ = _DRIVERS[kind]
        if find_spec(module) is None:
            raise DriverMissing(name, extra)


def _endpoint(access: ObjectAccess) -> str:
    if isinstance(access, AzureAccess):
        return azure_endpoint(access)
    return s3_endpoint(access)
