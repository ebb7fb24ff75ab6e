"""A scripted provider for each test, and the adapter that talks to it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from modelyard.adapters.identity.base import Identity
from modelyard.adapters.identity.openid import OpenIdProvider
from tests.adapters.identity.scripted import CLIENT_ID, NONCE, Scripted, scripted_provider

Finish = Callable[[], Awaitable[Identity]]


@pytest.fixture
async def scripted() -> AsyncIterator[Scripted]:
    async with scripted_provider() as provider:
        yield provider


@pytest.fixture
def provider(scripted: Scripted) -> OpenIdProvider:
    return OpenIdProvider(scripted.issuer, CLIENT_ID, "a secret", total_seconds=5)


@pytest.fixture
def finish(provider: OpenIdProvider) -> Finish:
    """The second step, after whatever the browser did."""

    async def redeem() -> Identity:
        return await provider.finish(
            code="code-1", redirect_uri="https://here.example/back", nonce=NONCE, code_verifier="v" * 43
        )

    return redeem
