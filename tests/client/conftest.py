"""A real web server beside clients of the cast, and a model whose program is a fake."""

from collections.abc import AsyncIterator, Iterator

import pytest

from modelyard.app import Platform
from modelyard.client import AsyncClient, Client
from tests.cast import CAST, key_of
from tests.library import add_active
from tests.machine import Machine
from tests.serving import serving


@pytest.fixture
async def url(platform: Platform) -> AsyncIterator[str]:
    """The address of the platform."""
    async with serving(platform) as address:
        yield address


@pytest.fixture
async def alice(url: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(url, key_of(CAST.alice).text) as client:
        yield client


@pytest.fixture
async def charlie(url: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(url, key_of(CAST.charlie).text) as client:
        yield client


@pytest.fixture
def blocking(url: str) -> Iterator[Client]:
    """Alice's, for use in threads."""
    with Client(url, key_of(CAST.alice).text) as client:
        yield client


@pytest.fixture
async def model(platform: Platform, machine: Machine) -> str:
    """The identifier of a model that is called `echo`, with one input that is a text, and runs."""
    image_id = machine.runtime.hold("held:1", machine.publish())
    return await add_active(platform.database, CAST.alice, image_id=image_id)
