"""What fast tests share: a database with the cast in it, a clock moved by hand, a platform without containers."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from modelyard.app import Adapters, Platform, real_adapters
from modelyard.core.database import Database
from modelyard.core.sealing import Fingerprinter, Sealer
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.installation_secrets import read_or_create_fingerprinter
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.wrong_keys import WrongKeys
from modelyard.settings import Settings
from tests.cast import CAST, SECRET, Cast, write_template
from tests.machine import Machine
from tests.manual_clock import ManualClock
from tests.postgres_cluster import Cluster, running_cluster
from tests.stores import PostgresStore, SqliteStore, Store

ON_BOTH = ("core", "domain", "entrypoints/rest", "migrations")
"""Folders whose tests run on every store; what others test is the same on all."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that use a database run on every store, unless they are about one: those are marked with its name."""
    if "store" not in metafunc.fixturenames:
        return
    folder = Path(metafunc.definition.path).parent.relative_to(Path(__file__).parent).as_posix()
    names = ["sqlite", "postgres"] if folder.startswith(ON_BOTH) else ["sqlite"]
    if about := {marker.name for marker in metafunc.definition.iter_markers()} & {"sqlite", "postgres"}:
        names = sorted(about)
    stores = [pytest.param(name, marks=getattr(pytest.mark, name)) for name in names]
    metafunc.parametrize("store", stores, indirect=True, scope="session")


@pytest.fixture(scope="session", autouse=True)
def _quiet_logs() -> None:
    """Errors in one line each; without this, tracebacks come with all variables."""
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer(key_order=["event"])],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        cache_logger_on_first_use=False,
    )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The PostgreSQL of this process, started for the first test that wants it."""
    with running_cluster() as started:
        yield started


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest) -> Store:
    """What the database is kept in."""
    return PostgresStore(request.getfixturevalue("cluster")) if request.param == "postgres" else SqliteStore()


@dataclass(frozen=True)
class Template:
    """The database that every test starts with a copy of."""

    store: Store
    address: str

    def copied(self, directory: Path) -> AbstractContextManager[str]:
        """The address of a copy that goes away with the context."""
        return self.store.copy_of(self.address, directory)


@pytest.fixture(scope="session")
def template(store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    with store.new(tmp_path_factory.mktemp("template")) as address:
        asyncio.run(write_template(address))
        yield Template(store, address)


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
def data_dir(tmp_path: Path) -> Path:
    """A data directory."""
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


@pytest.fixture
def database_address(data_dir: Path, template: Template) -> Iterator[str]:
    """The address of a database that has seen its first start; of SQLite it is in the data directory."""
    with template.copied(data_dir) as copy:
        yield copy


@pytest.fixture
def empty(store: Store, tmp_path: Path) -> Iterator[str]:
    """The address of a database without a schema."""
    with store.new(tmp_path) as made:
        yield made


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[Database]:
    opened = Database(database_address)
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
def settings(data_dir: Path, database_address: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a server on the data directory, whatever the environment says."""
    for name in [name for name in os.environ if name.startswith("MODELYARD_")]:
        monkeypatch.delenv(name)
    return Settings.model_validate(
        {
            "data_dir": data_dir,
            "database_url": database_address,
            "secret_key": SECRET,
            "engine_idle_seconds": 60,
            "test_report_seconds": 1,
        }
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
