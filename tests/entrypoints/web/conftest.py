"""The pages of a platform in this process."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from fastapi import FastAPI

from modelyard.adapters.mail.fake import FakeMailer
from modelyard.app import Adapters, Platform
from modelyard.entrypoints.rest.app import create_api
from modelyard.settings import Settings
from tests.entrypoints.rest.conftest import alice, anybody, app, bob, charlie, olga, walk

__all__ = ["alice", "anybody", "app", "bob", "charlie", "olga", "posting", "walk"]


@pytest.fixture
async def posting(settings: Settings, adapters: Adapters) -> AsyncIterator[FastAPI]:
    """The same with a mail server."""
    served = Platform(settings, replace(adapters, mailer=FakeMailer()))
    await served.prepare()
    async with served.running():
        yield create_api(served)
