"""A sender of callbacks that keeps what was sent, and answers as it is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelyard.adapters.callbacks.address import read_callback_address
from modelyard.adapters.callbacks.base import ReceiverUnreachable, Reply
from modelyard.core.destinations import DestinationForbidden


@dataclass(frozen=True, slots=True)
class SentCallback:
    """One POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class FakeCallbackSender:
    """Reaches nobody."""

    def __init__(self) -> None:
        self.sent: list[SentCallback] = []
        """Oldest first."""
        self.reply = Reply(204, "")
        self.forbidden: set[str] = set()
        """Hosts to which must not be connected."""
        self.is_away = False
        """No receiver answers."""

    async def check(self, url: str) -> None:
        address = read_callback_address(url)
        if address.host in self.forbidden:
            raise DestinationForbidden(address.host or "", address.port or 0)

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        await self.check(url)
        self.sent.append(SentCallback(url, dict(headers), body))
        if self.is_away:
            raise ReceiverUnreachable("The receiver does not answer.")
        return self.reply
