"""A real web server beside the command line, and shells of the cast."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modelyard.app import Platform
from tests.cast import CAST
from tests.entrypoints.cli.shell import Shell
from tests.serving import serving


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell that knows no server."""
    return Shell(tmp_path / "home")


@pytest.fixture
async def url(platform: Platform) -> AsyncIterator[str]:
    """The address of the platform."""
    async with serving(platform) as address:
        yield address


@pytest.fixture
def alice(shell: Shell, url: str) -> Shell:
    return shell.using(CAST.alice, url)


@pytest.fixture
def charlie(shell: Shell, url: str) -> Shell:
    return shell.using(CAST.charlie, url)


@pytest.fixture
def olga(shell: Shell, url: str) -> Shell:
    return shell.using(CAST.olga, url)
