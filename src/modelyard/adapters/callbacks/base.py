"""Tells other people's programs that something has happened, by a POST to an address of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from modelyard.core.errors import InvalidInput, Unavailable


class CallbackAddressUnusable(InvalidInput):
    """The address of a callback is none that we would send to."""

    def __init__(self, why: str) -> None:
        super().__init__(f"callback: {why}.")


class ReceiverUnreachable(Unavailable):
    """Nothing came back from the receiver of a callback."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered: the HTTP status, and how its text begins."""

    status: int
    excerpt: str

    @property
    def is_good(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status < 300


class CallbackSender(Protocol):
    """Sends callbacks, only to where this installation may connect."""

    async def check(self, url: str) -> None:
        """Raises CallbackAddressUnusable, DestinationForbidden, HostUnknown."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """POSTs JSON; follows no redirect. Raises as `check`, and ReceiverUnreachable."""
