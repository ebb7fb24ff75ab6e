"""Requests to an identity provider: bounded in time and size, no redirects, answers not trusted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec

from modelyard.adapters.identity.base import ProviderUnavailable

MOST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said."""

    status: int
    body: bytes = field(repr=False)

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ProviderUnavailable."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeError):
            raise ProviderUnavailable("The identity provider answers something that is no JSON object.") from None

    def require_success(self, what: str) -> None:
        """Raises ProviderUnavailable unless the status is 200."""
        if self.status != 200:
            raise ProviderUnavailable(f"The identity provider answers with status {self.status} instead of {what}.")


class ProviderHttp:
    """The requests of one conversation."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, url: str, *, authorization: str = "") -> Answer:
        """Raises ProviderUnavailable, aiohttp.ClientError."""
        return await self._request("GET", url, authorization)

    async def post(self, url: str, form: str, *, authorization: str = "") -> Answer:
        """Sends what a form would. Raises ProviderUnavailable, aiohttp.ClientError."""
        return await self._request("POST", url, authorization, form)

    async def _request(self, method: str, url: str, authorization: str, form: str | None = None) -> Answer:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if authorization:
            headers["Authorization"] = authorization
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        async with self._session.request(method, url, data=form, headers=headers, allow_redirects=False) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ProviderUnavailable(f"The identity provider answers with more than {MOST_BYTES} bytes.")
            return Answer(response.status, bytes(body))


@asynccontextmanager
async def open_http(total_seconds: float) -> AsyncIterator[ProviderHttp]:
    """One conversation; no cookies, no proxies of the environment. Raises ProviderUnavailable."""
    try:
        async with (
            asyncio.timeout(total_seconds),
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "modelyard"},
                auto_decompress=False,
                trust_env=False,
            ) as session,
        ):
            yield ProviderHttp(session)
    except TimeoutError as error:
        raise ProviderUnavailable("The identity provider does not answer in time. Try again later.") from error
    except (aiohttp.ClientError, OSError, UnicodeError) as error:
        raise ProviderUnavailable(_explain(error), type(error).__name__) from error


def _explain(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The identity provider cannot be found: its name cannot be resolved."
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "The certificate of the identity provider is not trusted."
    return "The identity provider cannot be reached. Try again later."
