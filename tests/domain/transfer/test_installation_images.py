"""Container images move with an installation, each once; those that cannot are named."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from modelyard.adapters.runtimes.base import ArchiveRejected, ImageNotFound, Runtime
from modelyard.adapters.runtimes.fake import FakeRuntime
from modelyard.adapters.runtimes.fake_container import FakeContainer
from modelyard.adapters.runtimes.fake_images import make_image
from modelyard.core.database import Database, sqlite_url
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.images.tasks import REPOSITORY
from modelyard.domain.models.tables import Version
from modelyard.domain.transfer.installation_errors import FileDamaged, ImageNotMoved
from modelyard.domain.transfer.installation_export import OpenRuntime
from modelyard.domain.transfer.installation_manifest import read_manifest
from modelyard.migrations.upgrade import upgrade_database
from tests.domain.transfer.archives import Members, changed, file_of, members_of
from tests.domain.transfer.every_row import fill
from tests.domain.transfer.moving import Place
from tests.library import held_image

pytestmark = pytest.mark.sqlite
NAMES = ("first", "second", "third")


@pytest.fixture
async def runtimes() -> AsyncIterator[tuple[FakeRuntime, FakeRuntime]]:
    """Those of the old machine and of the new one."""
    made = FakeRuntime(), FakeRuntime()
    yield made
    for runtime in made:
        await runtime.close()


@pytest.fixture
async def old(source: Database, tmp_path: Path, runtimes: tuple[FakeRuntime, FakeRuntime]) -> Place:
    """Three versions: two with the same image, one whose image is gone."""
    place = Place(source, tmp_path, open_runtime=_opening(runtimes[0]))
    image_id = runtimes[0].hold("echo:1", make_image("echo", FakeContainer.idle))
    async with source.write() as session:
        await fill(session)
        versions = list(await session.scalars(select(Version.id)))
        for name, image, version in zip(NAMES, (image_id, image_id, "sha256:gone"), versions, strict=True):
            session.add(held_image(image, id=name, reference=f"{name}:1"))
            await session.flush()
            await session.execute(update(Version).where(Version.id == version).values(image_id=name))
    return place


@pytest.fixture
async def new(target_directory: Path, runtimes: tuple[FakeRuntime, FakeRuntime]) -> AsyncIterator[Place]:
    """Where they move to."""
    database = Database(sqlite_url(target_directory))
    await upgrade_database(database)
    yield Place(database, target_directory, open_runtime=_opening(runtimes[1]))
    await database.close()


def _opening(runtime: Runtime) -> OpenRuntime:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Runtime]:
        yield runtime

    return opened


async def test_each_image_moves_once(old: Place, new: Place, runtimes: tuple[FakeRuntime, FakeRuntime]) -> None:
    file = await old.export()

    manifest = await new.take(file)

    [image] = manifest.images
    assert image.names == ("first", "second")
    assert [missing.reference for missing in manifest.missing] == ["third:1"]
    assert [name for name in members_of(file) if name.startswith("images/")] == [image.member]
    for name in image.names:
        assert (await runtimes[1].inspect_image(f"{REPOSITORY}:{name}")).image_id == image.image_id


async def test_without_images_they_are_named(old: Place, new: Place) -> None:
    old.open_runtime = None

    manifest = await new.take(await old.export())

    assert manifest.images == ()
    assert {missing.reference for missing in manifest.missing} == {"first:1", "third:1"}


async def test_images_in_the_file_can_be_left_out(
    old: Place, new: Place, runtimes: tuple[FakeRuntime, FakeRuntime]
) -> None:
    new.open_runtime = None

    manifest = await new.take(await old.export())

    with pytest.raises(ImageNotFound):
        await runtimes[1].inspect_image(manifest.images[0].image_id)


async def test_a_failure_takes_images_back(old: Place, new: Place, runtimes: tuple[FakeRuntime, FakeRuntime]) -> None:
    file = await old.export()
    manifest = read_manifest(members_of(file)["manifest.json"], schema=old.schema)
    [image] = manifest.images

    with pytest.raises(FileDamaged):
        await new.take(file[:-2000])

    for name in (image.image_id, *(f"{REPOSITORY}:{name}" for name in image.names)):
        with pytest.raises(ImageNotFound):
            await runtimes[1].inspect_image(name)


async def test_a_failure_leaves_images_that_were_there(
    old: Place, runtimes: tuple[FakeRuntime, FakeRuntime], new: Place
) -> None:
    image_id = runtimes[1].hold(f"{REPOSITORY}:first", make_image("echo", FakeContainer.idle))

    with pytest.raises(FileDamaged):
        await new.take((await old.export())[:-2000])

    assert (await runtimes[1].inspect_image(f"{REPOSITORY}:first")).image_id == image_id
    with pytest.raises(ImageNotFound):
        await runtimes[1].inspect_image(f"{REPOSITORY}:second")


async def test_an_image_that_is_called_otherwise_here_is_found(
    old: Place, new: Place, runtimes: tuple[FakeRuntime, FakeRuntime], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = runtimes[1].hold("other", make_image("other", FakeContainer.idle))

    async def load(_: Path) -> str:
        return other

    monkeypatch.setattr(runtimes[1], "load_image", load)
    await new.take(await old.export())

    async with new.database.read() as session:
        query = select(ContainerImage.image_id).where(ContainerImage.id.in_(NAMES)).order_by(ContainerImage.id)
        assert list(await session.scalars(query)) == [other, other, "sha256:gone"]


async def test_an_archive_that_is_none_is_refused(old: Place, new: Place) -> None:
    def spoil(members: Members) -> None:
        [name] = [name for name in members if name.startswith("images/")]
        members[name] = file_of({"run.sh": b"x"})

    with pytest.raises(ImageNotMoved, match=r"image first:1 could not be imported: The archive holds no image"):
        await new.take(changed(await old.export(), spoil))


async def test_what_the_runtime_refuses_is_told(
    old: Place, new: Place, runtimes: tuple[FakeRuntime, FakeRuntime], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: Path) -> str:
        raise ArchiveRejected("no room")

    monkeypatch.setattr(runtimes[1], "load_image", refuse)
    with pytest.raises(ImageNotMoved, match="no room"):
        await new.take(await old.export())
    assert list(new.directory.glob("*.tar")) == []
