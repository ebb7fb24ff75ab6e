"""Connections of the web server: who sends no whole head of a request soon, or an endless one, is cut off.

So is whoever wants too many of them at once from one address.
"""

import asyncio
from asyncio import TimerHandle
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_CONNECTIONS = 2_000
SECONDS_FOR_HEAD = 15.0
LARGEST_HEAD = 65_536
"""Bytes of a request's line and headers."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with limits on the time and the size of what comes before the body."""

    seconds_for_head = SECONDS_FOR_HEAD
    largest_head = LARGEST_HEAD
    most_from_one_address = 0
    """So that one machine cannot keep all others out; 0 for any number."""
    proxies: frozenset[str] = frozenset()
    """Addresses that may have any number: requests of many people come from there."""
    _open: ClassVar[Counter[str]] = Counter()
    """Connections by the address that they come from."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_timer: TimerHandle | None = None
        self._head_size = 0
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._open[self._address] += 1
        is_bounded = self.most_from_one_address > 0 and self._address not in self.proxies
        if is_bounded and self._open[self._address] > self.most_from_one_address:
            transport.close()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._open[self._address] -= 1
        if not self._open[self._address]:
            del self._open[self._address]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_head()
        if self._head_timer is not None:
            self._head_size += len(data)
        super().data_received(data)
        if self._head_timer is not None and self._head_size > self.largest_head:
            self._stop_timer()
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_size = 0
        self._head_timer = self.loop.call_later(self.seconds_for_head, self._cut_off)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cut_off(self) -> None:
        self._head_timer = None
        self.transport.close()


def bounded_protocol(most_from_one_address: int, proxies: Iterable[str] = ()) -> type[BoundedProtocol]:
    """The protocol of a server that lets every address but these have so many connections; 0 for any number."""
    limits = {"most_from_one_address": most_from_one_address, "proxies": frozenset(proxies)}
    return type("LimitedProtocol", (BoundedProtocol,), limits)
