"""Reads and lists objects through obstore, whichever store it is; one for each bucket, behind the guard proxy."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import obstore
from obstore.exceptions import BaseError

from modelyard.adapters.sources.base import (
    FoundObject,
    ObjectChanged,
    ObjectTooLarge,
    SourceMisconfigured,
    SourceNotReachable,
)
from modelyard.adapters.sources.guard_proxy import GuardProxy
from modelyard.adapters.sources.object_errors import explain
from modelyard.core.destinations import DestinationForbidden
from modelyard.core.logs import log

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

READ_CHUNK = 1_048_576
SECONDS_TO_CONNECT = 10
SECONDS_WITHOUT_A_BYTE = 20
MOST_BREAKS = 3
"""In a row, without a byte between them."""
SECONDS_AFTER_A_BREAK = 0.5
RETRY: "RetryConfig" = {
    "max_retries": 3,
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=3), "base": 2},
    "retry_timeout": timedelta(seconds=20),
}


def client_config(proxy: str, *, is_plain: bool) -> "ClientConfig":
    """How obstore's client behaves.

    Args:
        is_plain: that the store speaks http; then the proxy wants a connection for each request.
    """
    return {
        "proxy_url": proxy,
        "allow_http": is_plain,
        "connect_timeout": timedelta(seconds=SECONDS_TO_CONNECT),
        "read_timeout": timedelta(seconds=SECONDS_WITHOUT_A_BYTE),
        "timeout": timedelta(hours=1),
        "pool_max_idle_per_host": "0" if is_plain else "32",
    }


def _rest_of(offset: int, tag: str | None) -> "GetOptions":
    """Asks for what is missing, of the object that was begun; another one in its place is an error."""
    return {"range": {"offset": offset}, "if_match": tag} if offset and tag else {}


@dataclass(slots=True)
class ObjectStores:
    """The buckets or containers of one set of credentials."""

    proxy: GuardProxy
    ticket: str
    make: Callable[[str], "ObjectStore"]
    _stores: "dict[str, ObjectStore]" = field(default_factory=dict)

    async def read(self, container: str, key: str, *, most_bytes: int) -> AsyncIterator[bytes]:
        """Where the store breaks off, it goes on with the rest of the same object."""
        size = breaks = 0
        tag: str | None = None
        while True:
            begin = size
            try:
                with self._translated(container, key):
                    found = await obstore.get_async(self._store(container), key, options=_rest_of(size, tag))
                if found.meta["size"] > most_bytes:
                    raise ObjectTooLarge(most_bytes)
                tag = found.meta["e_tag"]
                stream = found.stream(min_chunk_size=READ_CHUNK)
                while (chunk := await self._next(stream, container, key)) is not None:
                    size += len(chunk)
                    if size > most_bytes:
                        raise ObjectTooLarge(most_bytes)
                    yield bytes(chunk)
            except ObjectChanged:
                raise
            except SourceNotReachable:
                breaks = breaks + 1 if size == begin else 0
                if not size or tag is None or breaks == MOST_BREAKS:
                    raise
                await asyncio.sleep(SECONDS_AFTER_A_BREAK)
            else:
                return

    async def _next(self, stream: Any, container: str, key: str) -> Any:
        with self._translated(container, key):
            return await anext(stream, None)

    async def list(self, container: str, folder: str) -> AsyncIterator[FoundObject]:
        with self._translated(container, None):
            stream: Any = obstore.list(self._store(container), folder.strip("/") or None, chunk_size=1000)
        while True:
            with self._translated(container, None):
                batch = await anext(stream, None)
            if batch is None:
                return
            for entry in batch:
                yield FoundObject(entry["path"], entry["size"])

    def _store(self, container: str) -> "ObjectStore":
        if container not in self._stores:
            self._stores[container] = self.make(container)
        return self._stores[container]

    @contextmanager
    def _translated(self, container: str, key: str | None) -> Iterator[None]:
        try:
            yield
        except ValueError as error:  # of a key or a setting that obstore does not take
            raise SourceMisconfigured(f"the store cannot have {key or container!r:.200}") from error
        except (BaseError, OSError) as error:
            if isinstance(refusal := self.proxy.refusal(self.ticket), DestinationForbidden):
                raise refusal from None
            raise explain(error, container, key) from None  # its text may hold credentials
        except Exception as error:  # noqa: BLE001 - obstore's own code panics at what no request can be made of
            log.warning("obstore failed unexpectedly", reason=type(error).__name__)
            raise SourceMisconfigured(f"the store cannot be asked for {key or container!r:.200}") from None
