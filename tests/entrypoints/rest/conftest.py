"""The API in this process, and callers of it."""

import pytest
from fastapi import FastAPI

from modelyard.app import Platform
from modelyard.entrypoints.rest.app import create_api
from tests.asgi import AsgiClient
from tests.cast import CAST, authorization
from tests.entrypoints.rest.steps import Walk


@pytest.fixture
def app(platform: Platform) -> FastAPI:
    return create_api(platform)


@pytest.fixture
def anybody(app: FastAPI) -> AsgiClient:
    """A caller without a key."""
    return AsgiClient(app)


@pytest.fixture
def alice(app: FastAPI) -> AsgiClient:
    return AsgiClient(app, {"authorization": authorization(CAST.alice)})


@pytest.fixture
def bob(app: FastAPI) -> AsgiClient:
    return AsgiClient(app, {"authorization": authorization(CAST.bob)})


@pytest.fixture
def charlie(app: FastAPI) -> AsgiClient:
    return AsgiClient(app, {"authorization": authorization(CAST.charlie)})


@pytest.fixture
def olga(app: FastAPI) -> AsgiClient:
    return AsgiClient(app, {"authorization": authorization(CAST.olga)})


@pytest.fixture
def walk(alice: AsgiClient, platform: Platform) -> Walk:
    """Alice's way through the deployment."""
    return Walk(alice, platform.database)
