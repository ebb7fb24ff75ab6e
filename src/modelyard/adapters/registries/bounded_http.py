"""GET requests to hosts that nobody vouches for: bounded, redirects followed by hand, credentials kept at home."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from modelyard.adapters.registries.addresses import GuardedResolver, require_allowed
from modelyard.adapters.registries.base import RegistryFailed

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, and which one after redirects."""

    status: int
    headers: Mapping[str, str]
    challenges: tuple[str, ...]
    body: bytes
    url: URL


class BoundedHttp:
    """Sends the requests of one conversation."""

    def __init__(self, session: aiohttp.ClientSession, insecure: frozenset[str]) -> None:
        self._session = session
        self._insecure = insecure

    async def get(self, url: URL, *, limit: int, authorization: str = "", accept: str = "*/*") -> Answer:
        """Fetches at most `limit` bytes; the authorization goes to the host of `url` only.

        Raises RegistryFailed, AddressForbidden, aiohttp.ClientError, TimeoutError.
        """
        home = url.origin()
        for _ in range(MAX_REDIRECTS + 1):
            self._require_allowed(url)
            headers = {"Accept": accept, "Accept-Encoding": "identity"}
            if authorization and url.origin() == home:
                headers["Authorization"] = authorization
            async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await _read(response, limit)
                url = _follow(url, response.headers.get("Location", ""))
        raise RegistryFailed(f"The registry redirects more than {MAX_REDIRECTS} times.")

    def _require_allowed(self, url: URL) -> None:
        require_allowed(url.host or "", url.port or 0, self._insecure)


@asynccontextmanager
async def open_http(
    insecure: frozenset[str], *, connect_seconds: float, names: AbstractResolver | None = None
) -> AsyncIterator[BoundedHttp]:
    """One conversation; no cookies, no proxies of the environment, no cached names."""
    resolver = GuardedResolver(insecure, names)
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(connect=connect_seconds),
        headers={"User-Agent": "modelyard"},
        auto_decompress=False,
        trust_env=False,
    )
    try:
        async with session:
            yield BoundedHttp(session, insecure)
    finally:
        await resolver.close()


def read_url(text: str) -> URL:
    """An http or https address without credentials in it. Raises RegistryFailed."""
    try:
        url = URL(text)
        is_usable = url.scheme in {"http", "https"} and bool(url.host) and url.user is None and url.password is None
    except ValueError:
        is_usable = False
    if not is_usable:
        raise RegistryFailed("The registry sends us to something that is not an http address.")
    return url


async def _read(response: aiohttp.ClientResponse, limit: int) -> Answer:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise RegistryFailed(f"The registry answers with more than {limit} bytes where a short document belongs.")
    challenges = tuple(response.headers.getall("WWW-Authenticate", ()))
    return Answer(response.status, response.headers, challenges, bytes(body), response.url)


def _follow(url: URL, location: str) -> URL:
    try:
        joined = url.join(URL(location)) if location else URL()
    except ValueError:
        joined = URL()
    target = read_url(str(joined))
    if url.scheme == "https" and target.scheme == "http":
        raise RegistryFailed("The registry redirects from https to plain http, which is not followed.")
    return target
