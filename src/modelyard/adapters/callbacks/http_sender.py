"""Sends callbacks over HTTP: bounded in time and size, to approved addresses alone, redirects not followed."""

import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from modelyard.adapters.callbacks.address import read_callback_address
from modelyard.adapters.callbacks.base import ReceiverUnreachable, Reply
from modelyard.core.destinations import Destination, Destinations

SECONDS = 10.0
LONGEST_EXCERPT = 200


class HttpCallbackSender:
    """Sends to where the rules of the installation allow.

    Args:
        seconds: for the whole of one delivery.
    """

    def __init__(self, destinations: Destinations, *, seconds: float = SECONDS) -> None:
        self._destinations = destinations
        self._seconds = seconds

    async def check(self, url: str) -> None:
        await self._approve(read_callback_address(url))

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        address = read_callback_address(url)
        approved = await self._approve(address)
        try:
            async with self._session(approved) as session, self._post(session, address, headers, body) as response:
                start = await response.content.read(LONGEST_EXCERPT)
                return Reply(response.status, start.decode("utf-8", "replace"))
        except TimeoutError:
            raise ReceiverUnreachable(f"The receiver did not answer within {self._seconds:.0f} seconds.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ReceiverUnreachable(f"The receiver cannot be reached ({type(error).__name__}).") from error

    async def _approve(self, url: URL) -> Destination:
        return await self._destinations.approve(url.host or "", url.port or 0)

    def _session(self, approved: Destination) -> aiohttp.ClientSession:
        """A new one for each: no cookies, no proxies of the environment, no address but the approved ones."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_Pinned(approved), use_dns_cache=False, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=self._seconds),
            auto_decompress=False,
            trust_env=False,
        )

    @staticmethod
    def _post(session: aiohttp.ClientSession, url: URL, headers: Mapping[str, str], body: bytes) -> Any:
        fixed = {"Content-Type": "application/json", "User-Agent": "modelyard", "Accept-Encoding": "identity"}
        return session.post(url, data=body, headers={**fixed, **headers}, allow_redirects=False)


class _Pinned(AbstractResolver):
    """Answers with the addresses that were approved, whatever DNS says by now."""

    def __init__(self, approved: Destination) -> None:
        self._approved = approved

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._approved.addresses
        ]

    async def close(self) -> None:
        """Holds nothing open."""
