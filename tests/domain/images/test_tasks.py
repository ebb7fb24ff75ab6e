"""Imports: from a registry or an archive, with every way to fail named and no credential left behind."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from sqlalchemy import select

from modelyard.adapters.registries.base import BadArchive, ImageMissing, RegistryRefused, RegistryUnreachable
from modelyard.adapters.registries.fake import SMALL_IMAGE as DESCRIBED
from modelyard.adapters.registries.fake import FakeArchiveReader
from modelyard.adapters.runtimes.base import ImageNotFound, ImagePullFailed, OnProgress, RuntimeUnavailable
from modelyard.adapters.runtimes.fake_images import make_image, write_archive
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.errors import NotFound, PlatformError
from modelyard.core.sealing import Sealer, SecretKeyWrong
from modelyard.domain.images.copies import ImageCopies
from modelyard.domain.images.marks import ImageMarks
from modelyard.domain.images.progress import ImportProgress
from modelyard.domain.images.request_import import request_load, request_pull
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.images.tasks import (
    REPOSITORY,
    ArchiveFetcher,
    Fetched,
    FetchTooSlow,
    ImportImage,
    RegistryFetcher,
)
from modelyard.domain.work import queue
from modelyard.domain.work.queue import ClaimedWork
from modelyard.domain.work.worker import Task
from tests.machine import REFERENCE, Machine
from tests.manual_clock import ManualClock

Load = Callable[[FakeArchiveReader], ImportImage]
PASSWORD = "hunter2-the-password"


@pytest.fixture
def pull(database: Database, clock: ManualClock, machine: Machine, sealer: Sealer) -> ImportImage:
    return ImportImage(database, clock, machine.runtime, RegistryFetcher(machine.runtime, machine.registry, sealer))


async def _request_pull(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, *, username: str = "", password: str = ""
) -> ClaimedWork:
    reference = machine.registry.parse(REFERENCE)
    async with database.write() as session:
        await request_pull(session, clock, sealer, reference, username=username, password=password)
    return await _claimed(database, clock)


async def _claimed(database: Database, clock: ManualClock) -> ClaimedWork:
    async with database.write() as session:
        work = await queue.claim(session, clock, "one")
    assert work is not None
    return work


async def _image(database: Database) -> ContainerImage:
    async with database.read() as session:
        return (await session.scalars(select(ContainerImage))).one()


async def _fails(task: Task, work: ClaimedWork, kind: type[PlatformError]) -> PlatformError:
    with pytest.raises(kind) as caught:
        await task.run(work)
    await task.give_up(work, caught.value)
    return caught.value


async def test_pull_records_what_the_image_is(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, pull: ImportImage
) -> None:
    image = machine.publish()
    work = await _request_pull(database, clock, machine, sealer)
    waiting = await _image(database)
    await pull.run(work)

    row = await _image(database)
    assert (waiting.state, waiting.percentage) == (ImportState.QUEUED, 0)
    assert (row.state, row.percentage, row.error) == (ImportState.COMPLETED, 100, None)
    assert (row.registry_host, row.repository) == ("registry.example", "team/echo")
    assert (row.image_id, row.digest, row.architecture) == (image.image_id, DESCRIBED.digest, "amd64")
    assert (row.ports, row.command) == (["8080/tcp"], ["serve"])
    assert row.finished_at == clock.now()
    assert (await machine.runtime.inspect_image(f"{REPOSITORY}:{row.id}")).image_id == image.image_id


async def test_pull_with_credentials_forgets_them(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, pull: ImportImage
) -> None:
    machine.publish(username="alice", password=PASSWORD)
    with structlog.testing.capture_logs() as logs:
        work = await _request_pull(database, clock, machine, sealer, username="alice", password=PASSWORD)
        waiting = await _image(database)
        await pull.run(work)

    row = await _image(database)
    assert row.state == ImportState.COMPLETED
    assert waiting.sealed_password is not None
    assert sealer.open(waiting.sealed_password) == PASSWORD
    assert row.sealed_password is None
    assert PASSWORD not in str([vars(waiting), vars(row), work.payload, logs])


@pytest.mark.parametrize("password", ["", "wrong"])
async def test_wrong_credentials_are_named_and_forgotten(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, pull: ImportImage, password: str
) -> None:
    machine.publish(username="alice", password=PASSWORD)
    work = await _request_pull(database, clock, machine, sealer, username="alice", password=password)
    error = await _fails(pull, work, RegistryRefused)

    row = await _image(database)
    assert (row.state, row.error, row.sealed_password) == (ImportState.FAILED, error.message, None)
    assert "registry.example" in error.message


def _nothing(_: Machine) -> None:
    """The registry stays empty."""


def _unreachable(machine: Machine) -> None:
    machine.publish()
    machine.registry.unreachable.add("registry.example")


def _broken(machine: Machine) -> None:
    machine.publish()
    machine.runtime.break_pull(
        f"registry.example/team/echo@{DESCRIBED.digest}", ImagePullFailed("It broke off.", "EOF")
    )


def _gone(machine: Machine) -> None:
    machine.registry.add(REFERENCE)


@pytest.mark.parametrize(
    ("prepare", "kind"),
    [
        (_nothing, ImageMissing),
        (_unreachable, RegistryUnreachable),
        (_broken, ImagePullFailed),
        (_gone, ImageNotFound),
    ],
)
async def test_failed_pull_says_why(
    database: Database,
    clock: ManualClock,
    machine: Machine,
    sealer: Sealer,
    pull: ImportImage,
    prepare: Callable[[Machine], None],
    kind: type[PlatformError],
) -> None:
    prepare(machine)
    error = await _fails(pull, await _request_pull(database, clock, machine, sealer), kind)

    row = await _image(database)
    assert (row.state, row.error, row.technical_information) == (
        ImportState.FAILED,
        error.message,
        error.technical_information,
    )
    assert row.image_id is None
    assert row.finished_at is not None


async def test_runtime_that_is_away_is_waited_for(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, pull: ImportImage
) -> None:
    machine.publish()
    work = await _request_pull(database, clock, machine, sealer, username="a", password=PASSWORD)
    machine.runtime.available = False
    with pytest.raises(RuntimeUnavailable):
        await pull.run(work)
    assert (await _image(database)).sealed_password is not None

    machine.runtime.available = True
    await pull.run(work)

    assert (await _image(database)).state == ImportState.COMPLETED


async def test_pull_done_twice_is_done_once(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, pull: ImportImage
) -> None:
    machine.publish()
    work = await _request_pull(database, clock, machine, sealer)
    await pull.run(work)
    first = await _image(database)
    machine.registry.unreachable.add("registry.example")
    await pull.run(work)

    assert (await _image(database)).finished_at == first.finished_at


async def test_credentials_sealed_with_another_key_are_named(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer
) -> None:
    machine.publish(username="a", password=PASSWORD)
    work = await _request_pull(database, clock, machine, sealer, username="a", password=PASSWORD)
    fetcher = RegistryFetcher(machine.runtime, machine.registry, Sealer(b"another"))
    task = ImportImage(database, clock, machine.runtime, fetcher)
    await _fails(task, work, SecretKeyWrong)

    row = await _image(database)
    assert (row.state, row.sealed_password) == (ImportState.FAILED, None)


async def _request_load(database: Database, clock: ManualClock, archive: Path) -> ClaimedWork:
    async with database.write() as session:
        await request_load(session, clock, archive, file_name="mine.tar")
    return await _claimed(database, clock)


@pytest.fixture
def load(database: Database, clock: ManualClock, machine: Machine) -> Load:
    return lambda reader: ImportImage(database, clock, machine.runtime, ArchiveFetcher(machine.runtime, reader))


async def test_archive_is_loaded_and_deleted(
    database: Database,
    clock: ManualClock,
    tmp_path: Path,
    load: Load,
    machine: Machine,
) -> None:
    image = make_image("uploaded", machine.behave)
    archive = tmp_path / "upload.tar"
    write_archive(image, "mine:1", archive)
    reader = FakeArchiveReader()
    reader.images["upload.tar"] = DESCRIBED
    await load(reader).run(await _request_load(database, clock, archive))

    row = await _image(database)
    assert (row.state, row.reference, row.image_id) == (ImportState.COMPLETED, "mine.tar", image.image_id)
    assert not archive.exists()


async def test_an_archive_of_the_same_name_does_not_take_its_place(
    database: Database,
    clock: ManualClock,
    machine: Machine,
    tmp_path: Path,
    load: Load,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, other = make_image("mine", machine.behave), make_image("other", machine.behave)
    archive = tmp_path / "upload.tar"
    write_archive(other, "same:1", tmp_path / "other.tar")
    write_archive(mine, "same:1", archive)
    load_image = machine.runtime.load_image

    async def load_both(path: Path, *, on_progress: OnProgress | None = None) -> str:
        await load_image(path, on_progress=on_progress)
        return await load_image(tmp_path / "other.tar")  # whose name both have by now

    monkeypatch.setattr(machine.runtime, "load_image", load_both)
    reader = FakeArchiveReader()
    reader.images["upload.tar"] = replace(DESCRIBED, image_id=mine.image_id)
    await load(reader).run(await _request_load(database, clock, archive))

    assert (await _image(database)).image_id == mine.image_id


async def test_bad_archive_is_named_and_deleted(
    database: Database, clock: ManualClock, tmp_path: Path, load: Load
) -> None:
    archive = tmp_path / "upload.tar"
    archive.write_bytes(b"no archive")
    task = load(FakeArchiveReader())
    error = await _fails(task, await _request_load(database, clock, archive), BadArchive)

    row = await _image(database)
    assert (row.state, row.error) == (ImportState.FAILED, error.message)
    assert not archive.exists()


async def test_lost_archive_is_named(database: Database, clock: ManualClock, tmp_path: Path, load: Load) -> None:
    task = load(FakeArchiveReader())
    await _fails(task, await _request_load(database, clock, tmp_path / "gone.tar"), NotFound)

    assert (await _image(database)).state == ImportState.FAILED


class SilentFetcher:
    """A source that never answers."""

    async def fetch(self, image: ContainerImage, progress: ImportProgress) -> Fetched:
        await asyncio.Event().wait()
        raise AssertionError


async def test_silent_source_is_given_up(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer
) -> None:
    work = await _request_pull(database, clock, machine, sealer)
    task = ImportImage(database, clock, machine.runtime, SilentFetcher(), longest_fetch=0.05)

    await _fails(task, work, FetchTooSlow)


@pytest.mark.parametrize("username", ["", "alice"])
async def test_a_pull_that_needs_a_password_leaves_a_copy(
    database: Database, clock: ManualClock, machine: Machine, sealer: Sealer, tmp_path: Path, username: str
) -> None:
    image = machine.publish(username=username, password=PASSWORD if username else "")
    copies, marks = ImageCopies(memory_storage(), are_kept=True), ImageMarks(tmp_path / "images")
    fetcher = RegistryFetcher(machine.runtime, machine.registry, sealer)
    task = ImportImage(database, clock, machine.runtime, fetcher, copies=copies, marks=marks)
    password = PASSWORD if username else ""
    await task.run(await _request_pull(database, clock, machine, sealer, username=username, password=password))

    assert await copies.has(image.image_id) is bool(username)
    assert marks.all() == {(await _image(database)).id: image.image_id}


@pytest.mark.parametrize("are_kept", [True, False])
async def test_an_upload_leaves_a_copy_of_its_archive(
    database: Database, clock: ManualClock, machine: Machine, tmp_path: Path, are_kept: bool
) -> None:
    image = make_image("uploaded", machine.behave)
    archive = tmp_path / "upload.tar"
    write_archive(image, "uploaded:1", archive)
    content = archive.read_bytes()
    reader = FakeArchiveReader()
    reader.images[archive.name] = replace(DESCRIBED, image_id=image.image_id)
    copies = ImageCopies(memory_storage(), are_kept=are_kept)
    task = ImportImage(database, clock, machine.runtime, ArchiveFetcher(machine.runtime, reader), copies=copies)
    async with database.write() as session:
        await request_load(session, clock, archive, file_name="uploaded.tar")
    await task.run(await _claimed(database, clock))

    assert await copies.has(image.image_id) is are_kept
    if are_kept:
        assert b"".join([piece async for piece in copies.read(image.image_id)]) == content
    assert not archive.exists()
