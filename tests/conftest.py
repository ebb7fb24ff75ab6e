"""What fast tests share: a database with the cast in it, a clock moved by hand, a platform without containers."""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from modelyard.app import Adapters, Platform, real_adapters
from modelyard.core.database import Database, sqlite_url
from modelyard.core.sealing import Fingerprinter, Sealer
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.installation_secrets import read_or_create_fingerprinter
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.wrong_keys import WrongKeys
from modelyard.settings import Settings
from tests.cast import CAST, SECRET, Cast, write_template
from tests.machine import Machine
from tests.manual_clock import ManualClock


@pytest.fixture(scope="session", autouse=True)
def _quiet_logs() -> None:
    """Errors in one line each; without this, tracebacks come with all variables."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that every test starts with a copy of."""
    directory = tmp_path_factory.mktemp("template")
    asyncio.run(write_template(directory))
    return directory / "modelyard.db"


@pytest.fixture
def cast() -> Cast:
    return CAST


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(SECRET.encode())


@pytest.fixture
def data_dir(tmp_path: Path, template: Path) -> Path:
    """A data directory that has seen its first start."""
    directory = tmp_path / "data"
    directory.mkdir()
    shutil.copy(template, directory)
    return directory


@pytest.fixture
async def database(data_dir: Path) -> AsyncIterator[Database]:
    opened = Database(sqlite_url(data_dir))
    yield opened
    await opened.close()


@pytest.fixture
async def fingerprinter(database: Database, sealer: Sealer) -> Fingerprinter:
    async with database.read() as session:
        return await read_or_create_fingerprinter(session, sealer)


@pytest.fixture
def last_use(database: Database, clock: ManualClock) -> LastUse:
    return LastUse(database, clock)


@pytest.fixture
def authenticator(
    database: Database, clock: ManualClock, fingerprinter: Fingerprinter, last_use: LastUse
) -> Authenticator:
    wrong_keys = WrongKeys(per_address=1000, per_prefix=1000)
    return Authenticator(database, clock, fingerprinter, last_use, wrong_keys, idle=timedelta(hours=1))


@pytest.fixture
def settings(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a server on the data directory, whatever the environment says."""
    for name in [name for name in os.environ if name.startswith("MODELYARD_")]:
        monkeypatch.delenv(name)
    return Settings.model_validate(
        {"data_dir": data_dir, "secret_key": SECRET, "engine_idle_seconds": 60, "test_report_seconds": 1}
    )


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    """The fake machine; none of its containers outlives the test."""
    fake = Machine()
    yield fake
    await fake.runtime.close()


@pytest.fixture
def adapters(settings: Settings, machine: Machine) -> Adapters:
    """Real storage and archive reader; registry, runtime and programs are fakes."""
    return replace(
        real_adapters(settings),
        registry=machine.registry,
        protocols=(machine.factory,),
        open_runtime=machine.opened,
    )


@pytest.fixture
async def platform(settings: Settings, adapters: Adapters) -> AsyncIterator[Platform]:
    """A platform that works in the background until the test ends."""
    served = Platform(settings, adapters)
    await served.prepare()
    async with served.running():
        yield served
