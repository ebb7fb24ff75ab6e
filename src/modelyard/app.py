"""Builds the platform from its settings; the only file that names concrete adapters."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from modelyard.adapters.callbacks.base import CallbackSender
from modelyard.adapters.callbacks.http_sender import HttpCallbackSender
from modelyard.adapters.container_protocols.base import ContainerProtocolFactory
from modelyard.adapters.container_protocols.grpc_v2 import GrpcV2Factory
from modelyard.adapters.container_protocols.http_v1 import HttpV1Factory
from modelyard.adapters.identity.base import IdentityProvider
from modelyard.adapters.imaging.artist import Artist
from modelyard.adapters.imaging.base import PictureArtist, PictureCutter
from modelyard.adapters.imaging.process import CuttingProcesses
from modelyard.adapters.mail.base import Mailer
from modelyard.adapters.mail.smtp import mailer_from
from modelyard.adapters.registries.archive import TarArchiveReader
from modelyard.adapters.registries.base import ArchiveReader, Registry
from modelyard.adapters.registries.http_registry import HttpRegistry
from modelyard.adapters.runtimes.base import Runtime, RuntimeUnavailable
from modelyard.adapters.runtimes.discover import find_runtime
from modelyard.adapters.runtimes.docker_api import DockerApiRuntime
from modelyard.adapters.sources.base import Sources
from modelyard.adapters.sources.everywhere import RealSources
from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.object_store import local_storage, storage_at
from modelyard.container_side import ContainerSide, Shared
from modelyard.core.clock import Clock, SteadyClock
from modelyard.core.database import Database
from modelyard.core.destination_rules import parse_rules
from modelyard.core.destinations import Destinations
from modelyard.core.ids import random_word
from modelyard.core.logs import log
from modelyard.core.sealing import Fingerprinter, Sealer
from modelyard.data_directory import lock_data_directory, make_private, read_or_create_installation, secrets_of
from modelyard.domain.accounts.api_keys import NewKey
from modelyard.domain.accounts.authenticator import Authenticator
from modelyard.domain.accounts.first_start import FirstStart, create_first_account
from modelyard.domain.accounts.identity_sign_in import IdentityRules, check_rules
from modelyard.domain.accounts.installation_secrets import read_or_create_fingerprinter
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.letters import SendLink
from modelyard.domain.accounts.one_time_links import SEND_LINK, LinkSender, Purpose
from modelyard.domain.accounts.password_links import PasswordLinks
from modelyard.domain.accounts.passwords import PasswordHashing
from modelyard.domain.accounts.sign_in import SignIn
from modelyard.domain.accounts.throttle import Throttle
from modelyard.domain.accounts.upkeep import AccountUpkeep
from modelyard.domain.accounts.wrong_keys import WrongKeys
from modelyard.domain.audit.downloads import Downloads
from modelyard.domain.audit.refusals import Refusals
from modelyard.domain.audit.retention import AuditRetention
from modelyard.domain.engines.distant_logs import LogAnswers, read_distant_log
from modelyard.domain.engines.nodes import Node, NodeNews, by_machine, other_nodes
from modelyard.domain.engines.retention import EngineRetention
from modelyard.domain.engines.routing import Router
from modelyard.domain.engines.tables import Engine
from modelyard.domain.images.leftovers import remove_leftovers
from modelyard.domain.inputs.fetch import Fetcher
from modelyard.domain.jobs.abandoned import AbandonedUploads
from modelyard.domain.jobs.blobs import BlobStore
from modelyard.domain.jobs.callback_delivery import CallbackDelivery
from modelyard.domain.jobs.callbacks import CallbackIntake
from modelyard.domain.jobs.chunks import ChunkIntake
from modelyard.domain.jobs.closing import JobCloser
from modelyard.domain.jobs.item_inputs import InputReader
from modelyard.domain.jobs.prepare import PrepareJob
from modelyard.domain.jobs.preparing import PREPARE
from modelyard.domain.jobs.result_reader import ResultReader
from modelyard.domain.jobs.retention import JobRetention, Kept
from modelyard.domain.jobs.retrying import Retrier
from modelyard.domain.jobs.stray_files import StrayFiles
from modelyard.domain.jobs.submit import SubmissionLimits, Submitter
from modelyard.domain.jobs.upkeep import JobUpkeep
from modelyard.domain.models.cloning import Cloner
from modelyard.domain.models.loose_files import LooseFileRemoval
from modelyard.domain.models.requirements import create_presets
from modelyard.domain.models.search.index import SearchUpkeep
from modelyard.domain.models.tags import create_predefined
from modelyard.domain.models.uses import ModelUses
from modelyard.domain.monitoring.alert_history import AlertWatch
from modelyard.domain.monitoring.alerts import AlertRules
from modelyard.domain.monitoring.daily_use import UseBook
from modelyard.domain.monitoring.machine_use import Reading, UseRecorder
from modelyard.domain.transfer.installation_import import UNFINISHED
from modelyard.domain.work.worker import Share, Worker
from modelyard.migrations.upgrade import upgrade_database
from modelyard.settings import Settings

REGISTRY_SECONDS = 8.0
"""Whoever asks for an image that is not there is told so within ten seconds."""
SECONDS_BETWEEN_TRIES = 5.0
LETTERS_AT_ONCE = 2
PREPARATIONS_AT_ONCE = 8
PREPARATIONS_OF_A_USER = 2
"""At once, so that sources of one user that are slow leave room for those of others."""

OpenRuntime = Callable[[Settings], contextlib.AbstractAsyncContextManager[Runtime]]


@contextlib.asynccontextmanager
async def opened_runtime(settings: Settings, directory: Path | None = None) -> AsyncIterator[Runtime]:
    """The container runtime of these settings. Raises RuntimeUnavailable.

    Args:
        directory: for sockets and logs, the data directory unless given; one process at a time may use it.
    """
    directory = directory or settings.data_dir.resolve()
    make_private(directory)
    found = await find_runtime(directory, socket=settings.runtime_socket, docker_host=settings.docker_host)
    runtime = DockerApiRuntime(found.socket, directory / "sockets")
    try:
        yield runtime
    finally:
        await runtime.close()
        if found.service:
            await found.service.close()


@dataclass(frozen=True, slots=True)
class Adapters:
    """How the platform reaches others.

    Args:
        open_runtime: opens the container runtime of the settings; entered until it does not raise
            RuntimeUnavailable.
        protocols: tried in this order on a program that nobody knows yet.
    """

    clock: Clock
    storage: Storage
    registry: Registry
    archives: ArchiveReader
    protocols: tuple[ContainerProtocolFactory, ...]
    open_runtime: OpenRuntime
    mailer: Mailer
    cutter: PictureCutter
    artist: PictureArtist
    destinations: Destinations
    sources: Sources
    identity_provider: IdentityProvider | None = None
    callbacks: CallbackSender | None = None
    """None for one over HTTP."""


def real_adapters(settings: Settings) -> Adapters:
    """What a server uses; tests put fakes in place of some."""
    destinations = destinations_of(settings)
    return Adapters(
        clock=SteadyClock(),
        storage=storage_of(settings),
        registry=HttpRegistry(frozenset(settings.insecure_registries), total_seconds=REGISTRY_SECONDS),
        archives=TarArchiveReader(settings.max_upload_bytes),
        protocols=(GrpcV2Factory(), HttpV1Factory()),
        open_runtime=opened_runtime,
        mailer=mailer_of(settings),
        cutter=CuttingProcesses(),
        artist=Artist(),
        destinations=destinations,
        sources=RealSources(destinations, settings.sqlite_sources),
        identity_provider=identity_provider_of(settings),
    )


def destinations_of(settings: Settings) -> Destinations:
    """Where inputs may be fetched from, and callbacks be sent to."""
    return Destinations(
        denied=parse_rules(settings.destinations_denied),
        allowed=parse_rules(settings.destinations_allowed),
        own_ports={settings.port} - {0},
    )


def storage_of(settings: Settings) -> Storage:
    """Where files are kept. Raises StorageUnavailable, BadStorageAddress."""
    if settings.storage_url:
        return storage_at(settings.storage_url)
    return local_storage(settings.data_dir.resolve() / "files")


def mailer_of(settings: Settings) -> Mailer:
    """Who takes letters to the mail server. Raises BadMailServer."""
    return mailer_from(
        url=settings.smtp_url, password=settings.smtp_password.get_secret_value(), sender=settings.mail_from
    )


def identity_provider_of(settings: Settings) -> IdentityProvider | None:
    """The OpenID provider, if one is set. Raises BadProviderSettings."""
    if not settings.oidc_issuer:
        return None
    from modelyard.adapters.identity.openid import provider_from  # noqa: PLC0415 - slow to import, and seldom needed

    return provider_from(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        scopes=settings.oidc_scopes,
        groups_claim=settings.oidc_groups_claim,
    )


class Platform:
    """Everything that one server process holds."""

    def __init__(self, settings: Settings, adapters: Adapters | None = None) -> None:
        self.settings = settings
        self.data_dir = settings.data_dir.resolve()
        make_private(self.data_dir)
        self._lock = lock_data_directory(self.data_dir)
        self._adapters = adapters or real_adapters(settings)
        self.clock = self._adapters.clock
        self.database = Database(settings.database_address())
        self.sealer = Sealer(*secrets_of(settings, self.data_dir))
        self.storage = self._adapters.storage
        self.mailer = self._adapters.mailer
        self.cutter = self._adapters.cutter
        self.artist = self._adapters.artist
        self.identity_provider = self._adapters.identity_provider
        self.identity_rules = IdentityRules(settings.oidc_teams, settings.oidc_required_email_verified)
        self.blobs = BlobStore(self.storage)
        self.destinations = self._adapters.destinations
        self._sources = self._adapters.sources
        fetcher = Fetcher(
            self._sources, self.clock, most_at_once=settings.fetch_concurrency, seconds=settings.fetch_seconds
        )
        self._inputs = InputReader(self.database, self.blobs, fetcher, self.sealer)
        self.results = ResultReader(self.database, self.storage)
        self._callback_sender = self._adapters.callbacks or HttpCallbackSender(self.destinations)
        self.callbacks = CallbackIntake(self._callback_sender, self.sealer)
        self._loose_files = LooseFileRemoval(self.database, self.clock, self.storage)
        self.router = Router(self.database.bells)
        self.registry = self._adapters.registry
        limits = SubmissionLimits(
            settings.max_items_per_job, settings.input_retention_hours, settings.max_open_jobs_per_user
        )
        self.model_uses = ModelUses(self.database, self.clock)
        self.submitter = Submitter(
            self.database, self.clock, self.blobs, limits, self.model_uses, self._sources, self.sealer
        )
        self.chunks = ChunkIntake(self.database, self.clock, self.blobs, most_items=settings.max_items_per_job)
        self.closer = JobCloser(self.database, self.clock, self.blobs, self.model_uses)
        self.retrier = Retrier(self.database, self.blobs, self.submitter, most_bytes=settings.max_body_bytes)
        self.cloner = Cloner(self.database, self.clock, self.storage)
        self.downloads = Downloads(self.database, self.clock)
        self.refusals = Refusals(self.database, self.clock)
        self.containers: ContainerSide | None = None
        self.first_key: NewKey | None = None
        self.last_use = LastUse(self.database, self.clock)
        self.fingerprinter: Fingerprinter
        self.authenticator: Authenticator
        self.sign_in: SignIn
        self.links: LinkSender
        self.password_links: PasswordLinks
        self.throttle = Throttle(
            per_address=settings.sign_in_failures_per_address,
            per_account=settings.sign_in_failures_per_account,
            per_account_there=settings.sign_in_failures_per_account_there,
        )
        self.alert_rules = AlertRules(
            stuck_after=timedelta(minutes=settings.stuck_job_minutes),
            expires_within=timedelta(days=settings.expiration_alert_days),
        )
        self.token_lifetime = timedelta(minutes=settings.token_minutes)
        self._idle = timedelta(minutes=settings.session_idle_minutes)

    @property
    def uploads(self) -> Path:
        """Where uploaded image archives wait for their import."""
        return self.data_dir / "uploads"

    async def prepare(self) -> None:
        """Brings the database up to date and creates what every installation has."""
        make_private(self.uploads)
        await upgrade_database(self.database)
        settings = self.settings
        wanted = FirstStart(
            account_name=settings.account_name,
            email=settings.admin_email,
            password=settings.admin_password.get_secret_value(),
            api_key=settings.admin_api_key.get_secret_value(),
        )
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        async with self.database.write() as session:
            self.fingerprinter = await read_or_create_fingerprinter(session, self.sealer)
            self.first_key = await create_first_account(session, self.clock, self.fingerprinter, wanted)
            await create_presets(session, cpus=os.cpu_count() or 1, memory_bytes=memory, gpus=_gpus())
            await create_predefined(session)
            await check_rules(session, self.identity_rules)
        wrong_keys = WrongKeys(per_address=settings.wrong_keys_per_address, per_prefix=settings.wrong_keys_per_prefix)
        self.authenticator = Authenticator(
            self.database, self.clock, self.fingerprinter, self.last_use, wrong_keys, idle=self._idle
        )
        hashing = PasswordHashing()
        self.sign_in = SignIn(
            self.database,
            self.clock,
            self.fingerprinter,
            self.throttle,
            hashing,
            lifetime=timedelta(hours=settings.session_hours),
        )
        lifetimes = {
            Purpose.INVITATION: timedelta(hours=settings.invitation_hours),
            Purpose.PASSWORD_RESET: timedelta(minutes=settings.password_reset_minutes),
        }
        self.links = LinkSender(self.clock, self.fingerprinter, self.mailer, lifetimes)
        self.password_links = PasswordLinks(self.database, self.clock, self.fingerprinter, self.throttle, hashing)
        (self.data_dir / UNFINISHED).unlink(missing_ok=True)  # from now on there are files that count
        await remove_leftovers(self.database, self.uploads)
        await self._loose_files.remove_left_over()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Works in the background: imports, tests, engines, jobs."""
        upkeep = JobUpkeep(self.database, self.clock, self.blobs)
        uploads = AbandonedUploads(
            self.database, self.clock, self.blobs, after=timedelta(hours=self.settings.open_job_hours)
        )
        callbacks = CallbackDelivery(
            self.database, self.clock, self._callback_sender, self.sealer, public_url=self.settings.public_url
        )
        accounts = AccountUpkeep(self.database, self.clock, self.last_use, idle=self._idle)
        settings = self.settings
        kept = Kept(results=settings.result_retention_days, jobs=settings.job_retention_days)
        audit = AuditRetention(self.database, self.clock, self.settings.audit_retention_days)
        samples = UseRecorder(
            self.database,
            self.clock,
            self._read_use,
            seconds=settings.use_sample_seconds,
            days=settings.use_sample_days,
        )
        parts = {
            "containers": self._serve_containers,
            "upkeep": upkeep.run,
            "uploads": uploads.run,
            "callbacks": callbacks.run,
            "retention": JobRetention(self.database, self.clock, self.blobs, kept).run,
            "stray files": StrayFiles(self.database, self.clock, self.blobs).run,
            "ended engines": EngineRetention(self.database, self.clock, settings.engine_retention_days).run,
            "accounts": accounts.run,
            "letters": self._send_letters,
            "preparations": self._prepare_jobs,
            "audit": audit.run,
            "refusals": self.refusals.run,
            "loose files": self._loose_files.run,
            "search": SearchUpkeep(self.database).run,
            "uses of models": self.model_uses.run,
            "uses by day": UseBook(self.database, self.clock, settings.usage_retention_days).run,
            "uses of machines": samples.run,
            "alerts": AlertWatch(self.database, self.clock, self.alert_rules).run,
        }
        if self.database.telegraph:
            parts["bells of other processes"] = self.database.telegraph.listen
            parts["news of this machine"] = NodeNews(self.database, self.clock, self._read_own_node).run
            parts["output of engines, for others"] = LogAnswers(self.database, self._process, self.read_log).run
        tasks = [asyncio.create_task(self._keep_running(name, run), name=name) for name, run in parts.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    async def _keep_running(self, part: str, run: Callable[[], Awaitable[None]]) -> None:
        """Goes on until cancelled; after a failure the part begins anew, as after a restart."""
        while True:
            try:
                await run()
            except Exception as error:  # noqa: BLE001 - a full disk or a runtime that is away must not end it for good
                log.error("a part of the platform failed; it begins anew", part=part, exc_info=error)
            await self.clock.sleep(SECONDS_BETWEEN_TRIES)

    async def _read_use(self) -> Reading | None:
        return await self.containers.read_use() if self.containers else None

    def read_log(self, engine: Engine, *, lines: int, follow: bool = False) -> AsyncIterator[str]:
        """What an engine prints, whichever process runs it. Raises EngineElsewhere, mostly before the first line."""
        if self.containers and engine.owner == self.containers.process:
            return self.containers.read_log(engine, lines=lines, follow=follow)
        return read_distant_log(self.database, engine, lines=lines, follow=follow)

    def _process(self) -> str | None:
        """The name under which engines are held here; None while there is no container runtime."""
        return self.containers.process if self.containers else None

    async def _read_own_node(self) -> tuple[str, Node] | None:
        return (self.containers.process, await self.containers.node()) if self.containers else None

    async def read_nodes(self) -> list[Node]:
        """All machines that run engines. Raises RuntimeUnavailable."""
        own = await self._read_own_node()
        async with self.database.read() as session:
            others = await other_nodes(session, except_process=own[0] if own else "")
        return by_machine([*([own[1]] if own else []), *others])

    async def _send_letters(self) -> None:
        """Needs no container runtime, so it has a worker of its own."""
        task = SendLink(self.database, self.clock, self.fingerprinter, self.mailer)
        worker = Worker(
            self.database, self.clock, {SEND_LINK: task}, owner=self._new_owner(), concurrency=LETTERS_AT_ONCE
        )
        await worker.take_over_everything(self._formers())
        await worker.run()

    async def _prepare_jobs(self) -> None:
        """Has a worker of its own as well: jobs find out their items while their engines are still away."""
        task = PrepareJob(
            self.database, self.clock, self._sources, self.sealer, self.blobs, self.settings.max_items_per_job
        )
        worker = Worker(
            self.database,
            self.clock,
            {PREPARE: task},
            owner=self._new_owner(),
            concurrency=PREPARATIONS_AT_ONCE,
            share=Share("user", PREPARATIONS_OF_A_USER),
        )
        await worker.take_over_everything(self._formers())
        await worker.run()

    async def _serve_containers(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            runtime = await self._wait_for_runtime(stack)
            containers = ContainerSide(self._shared(), runtime)
            try:
                await containers.recover()
                self.containers = containers
                await containers.run()
            finally:
                self.containers = None

    async def _wait_for_runtime(self, stack: contextlib.AsyncExitStack) -> Runtime:
        while True:
            try:
                return await stack.enter_async_context(self._adapters.open_runtime(self.settings))
            except RuntimeUnavailable as error:
                log.error("no container runtime; see `modelyard doctor`", code="RUNTIME-01", reason=error.message)
                await self.clock.sleep(SECONDS_BETWEEN_TRIES)

    def _shared(self) -> Shared:
        return Shared(
            settings=self.settings,
            owner=self._new_owner(),
            formers=self._formers(),
            installation=read_or_create_installation(self.data_dir),
            data_dir=self.data_dir,
            clock=self.clock,
            database=self.database,
            sealer=self.sealer,
            blobs=self.blobs,
            inputs=self._inputs,
            router=self.router,
            registry=self.registry,
            archives=self._adapters.archives,
            protocols={factory.name: factory for factory in self._adapters.protocols},
        )

    def _new_owner(self) -> str:
        """The name under which a part of this process, from now on, holds what it works on."""
        return f"{read_or_create_installation(self.data_dir)}/{random_word(12)}"

    def _formers(self) -> str:
        """Nobody but this process can use a SQLite file of ours; to PostgreSQL servers with other directories may be
        connected, whose work is theirs.
        """
        return "" if self.database.is_sqlite else f"{read_or_create_installation(self.data_dir)}/"

    async def _close(self) -> None:
        await self._sources.close()
        await self.database.close()
        self._lock.close()


def _gpus() -> int:
    return sum(path.name.removeprefix("nvidia").isdigit() for path in Path("/dev").glob("nvidia*"))
