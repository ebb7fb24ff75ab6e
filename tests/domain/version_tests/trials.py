"""A version on the fake machine that is ready for its tests, and the tasks that run them."""

from pathlib import Path

import pytest
from sqlalchemy import update

from modelyard.adapters.storage.fake import memory_storage
from modelyard.adapters.storage.object_store import ObjectStorage
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.domain.engines.launch import INSTALLATION_LABEL, EngineLimits, Launcher
from modelyard.domain.engines.trial import TrialEngines
from modelyard.domain.models.tables import TestInput, Version
from modelyard.domain.version_tests.load_process import LoadVersion
from modelyard.domain.version_tests.measure import Measurer
from modelyard.domain.version_tests.read_report import VersionReport, read_report
from modelyard.domain.version_tests.request import request_load_test, request_run_test
from modelyard.domain.version_tests.run_process import RunVersion
from modelyard.domain.version_tests.tables import TestKind, VersionTest
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.worker import Task
from tests.cast import CAST
from tests.library import add_model, describe
from tests.machine import Machine
from tests.manual_clock import RestlessClock


class Trials:
    """The two tasks, and a version that is ready for them."""

    def __init__(self, database: Database, machine: Machine, directory: Path) -> None:
        self.database = database
        self.machine = machine
        self.clock = RestlessClock()
        self.storage: ObjectStorage = memory_storage()
        limits = EngineLimits("here", directory, max_processes=10, max_log_bytes=1000)
        launcher = Launcher(machine.runtime, {machine.factory.name: machine.factory}, limits)
        trials = TrialEngines(database, self.clock, launcher, "one")
        self.load: Task = LoadVersion(database, self.clock, trials, launcher)
        self.measurer = Measurer(database, self.clock, launcher, most_seconds=6)
        self.run: Task = RunVersion(database, self.clock, trials, self.measurer, self.storage)
        self.model_id = ""

    async def describe(self) -> None:
        """Gives the version an image, and a test file; nothing is tested yet."""
        image_id = self.machine.runtime.hold("held:1", self.machine.publish())
        self.model_id = await add_model(self.database, CAST.alice)
        version = await describe(
            self.database, self.model_id, image_id=image_id, load_passed=False, run_passed=False, run_timeout_ms=500
        )
        await self.storage.put("test-inputs/a", b"a good day")
        async with self.database.write() as session:
            facts = {"file_name": "a.txt", "media_type": "text/plain", "size": 10, "storage_key": "test-inputs/a"}
            session.add(TestInput(version_id=version, name="input.txt", **facts))

    async def request(self, kind: TestKind, *, load_passed: bool = True) -> tuple[int, ClaimedWork]:
        """Asks for a test, and claims its work."""
        async with self.database.write() as session:
            if kind == TestKind.LOAD:
                test = await request_load_test(session, self.clock, CAST.alice, self.model_id, "0.1.0")
            else:
                await session.execute(update(Version).values(load_passed=load_passed))
                test = await request_run_test(session, self.clock, CAST.alice, self.model_id, "0.1.0", explain=False)
        async with self.database.write() as session:
            work = await queue.claim(session, self.clock, "one")
        assert work is not None
        return test.id, work

    async def read(self, test_id: int) -> VersionTest:
        """The test as it stands."""
        async with self.database.read() as session:
            return await session.get_one(VersionTest, test_id)

    async def fails(self, task: Task, kind: TestKind, error: type[PlatformError]) -> VersionTest:
        """The test after it failed with this error; no container is left."""
        test_id, work = await self.request(kind)
        with pytest.raises(error) as caught:
            await task.run(work)
        await task.give_up(work, caught.value)
        assert await self.machine.runtime.list_containers(INSTALLATION_LABEL, "here") == []
        return await self.read(test_id)

    async def report(self) -> VersionReport:
        """The report of the version, as Alice reads it."""
        async with self.database.read() as session:
            return await read_report(session, CAST.alice, self.model_id, "0.1.0")
