"""Sources in memory: objects by container and key, rows by query; and failures on demand."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field

from modelyard.adapters.sources.base import (
    ContainerMissing,
    DatabaseAccess,
    FoundObject,
    ObjectAccess,
    ObjectMissing,
    Objects,
    ObjectTooLarge,
    QueryFailed,
    Row,
)


@dataclass
class FakeSources:
    """Has what a test puts there. `failures` are raised one by one, before anything is given."""

    containers: dict[str, dict[str, bytes]] = field(default_factory=dict)
    queries: dict[str, Sequence[Row]] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    checked: list[ObjectAccess | DatabaseAccess] = field(default_factory=list)
    opened: list[ObjectAccess | DatabaseAccess] = field(default_factory=list)
    lists_bare_folders: bool = False
    """As clients do that take off the slash of an object whose key is that of a folder."""
    is_closed: bool = False

    async def check(self, access: ObjectAccess | DatabaseAccess) -> None:
        self.checked.append(access)
        self._fail()

    @contextlib.asynccontextmanager
    async def objects(self, access: ObjectAccess) -> AsyncIterator[Objects]:
        self.opened.append(access)
        yield _FakeObjects(self)

    async def rows(self, access: DatabaseAccess) -> AsyncGenerator[Row]:
        self.opened.append(access)
        self._fail()
        if access.query not in self.queries:
            raise QueryFailed("the database refused the query: there is no such table")
        for row in self.queries[access.query]:
            self._fail()
            yield row

    async def close(self) -> None:
        self.is_closed = True

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class _FakeObjects:
    sources: FakeSources

    async def read(self, container: str, key: str, *, most_bytes: int) -> AsyncIterator[bytes]:
        self.sources._fail()
        found = self._container(container).get(key)
        if found is None:
            raise ObjectMissing(container, key)
        if len(found) > most_bytes:
            raise ObjectTooLarge(most_bytes)
        yield found

    async def list(self, container: str, folder: str) -> AsyncIterator[FoundObject]:
        self.sources._fail()
        prefix = f"{folder}/" if folder else ""
        for key, data in sorted(self._container(container).items()):
            if key.startswith(prefix) or (self.sources.lists_bare_folders and key == folder):
                yield FoundObject(key, len(data))

    def _container(self, name: str) -> dict[str, bytes]:
        if name not in self.sources.containers:
            raise ContainerMissing(name)
        return self.sources.containers[name]
