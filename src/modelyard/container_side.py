"""Everything that needs a container runtime: imports, tests, engines, and the items that run on them."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.container_protocols.base import ContainerProtocolFactory
from modelyard.adapters.registries.base import ArchiveReader, Registry
from modelyard.adapters.runtimes.base import ContainerNotFound, Runtime
from modelyard.core.clock import Clock
from modelyard.core.database import Database, ring_after_commit
from modelyard.core.errors import PlatformError, Unavailable, UpstreamFailed
from modelyard.core.logs import log
from modelyard.core.sealing import Sealer
from modelyard.domain.engines import reconcile
from modelyard.domain.engines.adopt import Adoption
from modelyard.domain.engines.launch import EngineLimits, Launcher
from modelyard.domain.engines.nodes import Node, this_node
from modelyard.domain.engines.reconcile import Reconciler
from modelyard.domain.engines.routing import Router
from modelyard.domain.engines.rows import containers_of, count_live, end_engines_of
from modelyard.domain.engines.situations import forget_situations
from modelyard.domain.engines.standby import StandbyLimits
from modelyard.domain.engines.tables import Engine
from modelyard.domain.engines.trial import TrialEngines
from modelyard.domain.images import request_import
from modelyard.domain.images.copies import ImageCopies
from modelyard.domain.images.marks import ImageMarks
from modelyard.domain.images.supply import ImageSupply, maintain_images
from modelyard.domain.images.tasks import ArchiveFetcher, ImportImage, RegistryFetcher
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.claims import fail_open_items, release_items
from modelyard.domain.jobs.demand import read_demand
from modelyard.domain.jobs.item_inputs import InputReader
from modelyard.domain.jobs.lost_claims import LostClaims
from modelyard.domain.jobs.pace import Pace
from modelyard.domain.jobs.run import ItemRunner
from modelyard.domain.jobs.status import ErrorSide
from modelyard.domain.models.image_records import record_import
from modelyard.domain.monitoring.machine_use import Reading
from modelyard.domain.removal import files as removal
from modelyard.domain.removal.files import RemoveFiles
from modelyard.domain.version_tests import request as version_tests
from modelyard.domain.version_tests.load_process import LoadVersion
from modelyard.domain.version_tests.measure import Measurer
from modelyard.domain.version_tests.run_process import RunVersion
from modelyard.domain.work.processes import ENGINES, ProcessWatch
from modelyard.domain.work.queue import release_lost
from modelyard.domain.work.worker import Task, Worker
from modelyard.settings import Settings


@dataclass(frozen=True, slots=True)
class Shared:
    """What this side shares with the rest of the platform."""

    settings: Settings
    owner: str
    formers: str
    """What the names of earlier processes begin with that cannot be alive any more; empty: all are such."""
    installation: str
    data_dir: Path
    clock: Clock
    database: Database
    sealer: Sealer
    blobs: BlobStore
    inputs: InputReader
    router: Router
    registry: Registry
    archives: ArchiveReader
    protocols: Mapping[str, ContainerProtocolFactory]


class ContainerSide:
    """Works through what the other side has written down."""

    def __init__(self, shared: Shared, runtime: Runtime) -> None:
        self._shared = shared
        settings = shared.settings
        self.runtime = runtime
        self._since = shared.clock.now()
        limits = EngineLimits(
            installation=shared.installation,
            exchange_root=shared.data_dir / "engines",
            max_processes=settings.engine_processes,
            max_log_bytes=settings.engine_log_bytes,
        )
        base = (shared.database, shared.clock)
        copies = ImageCopies(shared.blobs.storage, are_kept=settings.keeps_image_copies())
        marks = ImageMarks(shared.data_dir / "images")
        self.images = ImageSupply(
            shared.database,
            runtime,
            shared.registry,
            shared.archives,
            shared.sealer,
            copies,
            marks,
            shared.data_dir / "uploads",
            defaultdict(asyncio.Lock),
        )
        launcher = Launcher(runtime, shared.protocols, limits, self.images)
        pace = Pace()
        self.reconciler = Reconciler(
            *base,
            launcher,
            shared.router,
            Adoption(*base, launcher, owner=shared.owner, installation=shared.installation, owners=shared.formers),
            read_demand=partial(read_demand, pace=pace, default_engines=settings.processing_engines),
            give_up=self._fail_waiting_items,
            owner=shared.owner,
            idle_seconds=settings.engine_idle_seconds,
            standby=StandbyLimits(settings.engine_standby, settings.engine_standby_seconds),
        )
        self.runner = ItemRunner(
            *base,
            shared.router,
            shared.blobs,
            shared.inputs,
            await_death=launcher.await_death,
            is_frozen=launcher.is_frozen,
            bury=self.reconciler.bury,
            owner=shared.owner,
            pace=pace,
        )
        self._lost_claims = LostClaims(*base, shared.owner, self.runner.held_claims)
        trials = TrialEngines(*base, launcher, shared.owner)
        measurer = Measurer(*base, launcher, most_seconds=settings.test_report_seconds)
        from_registry = RegistryFetcher(runtime, shared.registry, shared.sealer)
        from_archive = ArchiveFetcher(runtime, shared.archives)
        self.watch = (
            None
            if shared.database.is_sqlite
            else ProcessWatch(
                *base, process=shared.owner, kind=ENGINES, on_death=self._take_over, clean_up=self._clean_up
            )
        )
        tasks: dict[str, Task] = {
            request_import.PULL: ImportImage(
                *base, runtime, from_registry, on_end=record_import, copies=copies, marks=marks
            ),
            request_import.LOAD: ImportImage(
                *base, runtime, from_archive, on_end=record_import, copies=copies, marks=marks
            ),
            version_tests.LOAD: LoadVersion(*base, trials, launcher),
            version_tests.RUN: RunVersion(*base, trials, measurer, shared.blobs.storage),
            removal.REMOVE: RemoveFiles(shared.database, runtime, shared.blobs.storage),
        }
        self.worker = Worker(*base, tasks, owner=shared.owner, concurrency=settings.work_concurrency)

    async def recover(self) -> None:
        """Takes up what an earlier process on this data directory left, which is locked: it cannot be running."""
        if self.watch:
            await self.watch.join()
        async with self._shared.database.write() as session:
            items = await release_items(
                session, self._shared.clock, except_owner=self._shared.owner, owners=self._shared.formers
            )
        works = await self.worker.take_over_everything(self._shared.formers)
        try:
            await self.reconciler.adopt()
        except BaseException:
            await self.reconciler.stop_all()
            raise
        if items or works:
            log.info("taken up what the process before was doing", items=items, works=works)

    async def run(self) -> None:
        """Works until cancelled, then lets what runs finish, and stops all engines."""
        runs = [self.worker.run, self.reconciler.run, self.runner.run, self._lost_claims.run]
        runs += [self.watch.run] if self.watch else []
        loops = [asyncio.create_task(run(), name=run.__qualname__) for run in runs]
        facts = asyncio.create_task(self._learn_facts(), name="facts of the runtime")
        images = asyncio.create_task(maintain_images(self.images), name="images")
        try:
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self.runner.drain(seconds=self._shared.settings.drain_seconds)
            for task in (*loops, facts, images):
                task.cancel()
            await asyncio.gather(*loops, facts, images, return_exceptions=True)
            await self.reconciler.stop_all()
            if self.watch:
                await self.watch.leave()

    async def node(self) -> Node:
        """The machine that runs the engines of this process. Raises RuntimeUnavailable."""
        return this_node(await self.runtime.facts(), self._shared.router.all_engines(), since=self._since)

    async def read_use(self) -> Reading:
        """What this machine has, and what its engines have used up to now. Raises RuntimeUnavailable."""
        uses = {}
        for engine in self._shared.router.all_engines():
            with contextlib.suppress(ContainerNotFound, Unavailable):
                uses[engine.engine_id] = await self.runtime.resource_use(engine.container)
        return Reading(await self.node(), uses)

    @property
    def process(self) -> str:
        """Under which name this process holds its engines."""
        return self._shared.owner

    async def read_log(self, engine: Engine, *, lines: int, follow: bool) -> AsyncIterator[str]:
        """What an engine of this process prints."""
        if follow:
            async for line in self.runtime.follow_log(engine.container or "", lines=lines):
                yield f"{line}\n"
            return
        yield await self.runtime.read_log(engine.container or "", lines=lines)

    async def _learn_facts(self) -> None:
        """The runtime keeps the answer; podman takes a second for it, which the first import need not wait for."""
        with contextlib.suppress(PlatformError):
            await self.runtime.facts()

    async def _take_over(self, session: AsyncSession, dead: str) -> None:
        """Gives away what a process held that is dead."""
        items = await release_items(session, self._shared.clock, except_owner=self._shared.owner, owners=dead)
        works = await release_lost(session, self._shared.clock, silent_for=None, owners=dead)
        await end_engines_of(session, self._shared.clock, dead)
        await forget_situations(session)
        ring_after_commit(session, reconcile.TOPIC)
        log.info("taken over from a dead process", items=items, works=works)

    async def _clean_up(self, dead: str) -> None:
        """Removes the containers of a dead process, if they are on this machine; others go when it comes again."""
        async with self._shared.database.read() as session:
            containers = await containers_of(session, dead)
        with contextlib.suppress(PlatformError):
            for container in containers:
                await self.runtime.remove_container(container)

    async def _fail_waiting_items(self, version_id: int, error: PlatformError) -> None:
        reason = f"no engine could be started: {error.message}"
        side = ErrorSide.MODEL if isinstance(error, UpstreamFailed) else ErrorSide.PLATFORM
        async with self._shared.database.write() as session:
            if (await count_live(session, except_owner=self._shared.owner))[version_id]:
                return  # another machine can run it
            await fail_open_items(session, self._shared.clock, version_id, reason, side)
