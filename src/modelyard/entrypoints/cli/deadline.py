"""Ends a request in time, however slowly the other side drips: time-outs of single reads cannot."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NEW_CONNECTIONS = ("connect_tcp.complete", "start_tls.complete")


class Deadline:
    """Watches the connections of one HTTP client, whose requests come one after the other."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self._stream: Any = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Closes the connection when the context lasts too long; what reads from it then fails."""
        self.is_over = False
        timer = threading.Timer(self.seconds, self._end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def watch(self, event: str, facts: dict[str, Any]) -> None:
        """Remembers the connection; the client's extension `trace`."""
        if event.endswith(_NEW_CONNECTIONS):
            self._stream = facts["return_value"]

    def _end(self) -> None:
        self.is_over = True
        if self._stream is not None:
            with contextlib.suppress(OSError):
                self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
