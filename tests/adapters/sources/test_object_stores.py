"""Reading objects from a store that breaks off in the middle: the rest of the same object is asked for."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from obstore.store import S3Store

from modelyard.adapters.sources import object_stores
from modelyard.adapters.sources.base import ObjectChanged, SourceNotReachable
from modelyard.adapters.sources.guard_proxy import GuardProxy
from modelyard.adapters.sources.object_stores import ObjectStores
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import Destinations

CONTENT = bytes(range(256)) * 20_000
_RANGE = re.compile(r"range: bytes=(\d+)-", re.IGNORECASE)
_IF_MATCH = re.compile(r"if-match: (\S+)", re.IGNORECASE)


@dataclass
class Breaking:
    """A store with one object; an answer ends after `most` bytes, so often as `breaks` says."""

    most: int = 2_000_000
    breaks: int = 1
    tag: str = '"one"'
    next_tag: str = ""
    """What the object becomes after the first break."""
    asked: list[int] = field(default_factory=list)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        start = int(found[1]) if (found := _RANGE.search(head)) else 0
        self.asked.append(start)
        wanted = _IF_MATCH.search(head)
        if wanted and wanted[1] != self.tag:
            writer.write(b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            self._send(writer, start)
        await writer.drain()
        writer.close()

    def _send(self, writer: asyncio.StreamWriter, start: int) -> None:
        body = CONTENT[start:]
        lines = [
            "HTTP/1.1 206 Partial Content" if start else "HTTP/1.1 200 OK",
            f"Content-Length: {len(body)}",
            f"ETag: {self.tag}",
            "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
            "Connection: close",
        ]
        if start:
            lines.append(f"Content-Range: bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        if self.breaks:
            self.breaks -= 1
            body = body[: self.most]
            self.tag = self.next_tag or self.tag
        writer.write(body)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_stores, "SECONDS_AFTER_A_BREAK", 0.0)


async def _read(store: Breaking) -> bytes:
    server = await asyncio.start_server(store.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    proxy = GuardProxy(Destinations(denied=parse_rules([]), allowed=parse_rules([]), own_ports=set()))

    def make(bucket: str) -> S3Store:
        return S3Store(
            bucket,
            endpoint=f"http://127.0.0.1:{port}",
            region="us-east-1",
            skip_signature=True,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )

    try:
        stores = ObjectStores(proxy, "", make)
        return b"".join([piece async for piece in _pieces(stores)])
    finally:
        server.close()
        await server.wait_closed()


def _pieces(stores: ObjectStores) -> AsyncIterator[bytes]:
    return stores.read("b", "key", most_bytes=len(CONTENT))


async def test_the_rest_is_asked_for() -> None:
    store = Breaking(breaks=2)
    assert await _read(store) == CONTENT
    assert len(store.asked) == 3
    assert store.asked[0] == 0 < store.asked[1] < store.asked[2]


async def test_of_another_object_there_is_no_rest() -> None:
    with pytest.raises(ObjectChanged):
        await _read(Breaking(next_tag='"two"'))


async def test_a_store_that_breaks_off_again_and_again_is_given_up() -> None:
    store = Breaking(most=0, breaks=100)
    with pytest.raises(SourceNotReachable):
        await _read(store)
    assert len(store.asked) <= object_stores.MOST_BREAKS + 1
