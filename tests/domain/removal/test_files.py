"""The files and images of what was removed go, too; what others still have stays."""

import pytest

from modelyard.adapters.runtimes.base import ContainerSpec, ImageNotFound
from modelyard.adapters.runtimes.fake import FakeRuntime
from modelyard.adapters.runtimes.fake_container import FakeContainer
from modelyard.adapters.runtimes.fake_images import make_image
from modelyard.adapters.storage.base import StoredFileNotFound
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError, Unavailable
from modelyard.domain.images.copies import ImageCopies
from modelyard.domain.images.tasks import REPOSITORY
from modelyard.domain.removal.files import REMOVE, RemoveFiles
from modelyard.domain.work.queue import ClaimedWork
from tests.library import held_image


async def test_files_go_however_often_it_runs(database: Database) -> None:
    storage = memory_storage()
    runtime = FakeRuntime()
    await storage.put("pictures/a", b"x")
    await storage.put("pictures/b", b"y")
    task = RemoveFiles(database, runtime, storage)
    work = ClaimedWork(1, REMOVE, {"keys": ["pictures/a"], "images": {"one": None, "two": "sha256:gone"}}, 1, 20)

    await task.run(work)
    await task.run(work)
    await task.give_up(work, PlatformError("too bad"))
    await runtime.close()

    with pytest.raises(StoredFileNotFound):
        await storage.get("pictures/a")
    assert await storage.get("pictures/b") == b"y"


@pytest.mark.parametrize("is_shared", [True, False])
async def test_an_image_stays_as_long_as_another_import_holds_it(database: Database, is_shared: bool) -> None:
    runtime = FakeRuntime()
    image_id = runtime.hold("echo:1", make_image("echo", FakeContainer.idle))
    await runtime.tag_image(image_id, REPOSITORY, "one")
    if is_shared:
        async with database.write() as session:
            session.add(held_image(image_id))
    storage = memory_storage()
    copies = ImageCopies(storage, are_kept=True)
    await copies.keep(image_id, runtime.save_image(image_id))
    task = RemoveFiles(database, runtime, storage)

    await task.run(ClaimedWork(1, REMOVE, {"keys": [], "images": {"one": image_id}}, 1, 20))
    assert await copies.has(image_id) is is_shared

    with pytest.raises(ImageNotFound):
        await runtime.inspect_image(f"{REPOSITORY}:one")
    if is_shared:
        assert (await runtime.inspect_image(image_id)).image_id == image_id
    else:
        with pytest.raises(ImageNotFound):
            await runtime.inspect_image(image_id)
    await runtime.close()


async def test_an_image_in_use_is_tried_again(database: Database) -> None:
    runtime = FakeRuntime()
    image_id = runtime.hold("echo:1", make_image("echo", FakeContainer.idle))
    container = await runtime.start_container(
        ContainerSpec("user", image_id, {}, {}, memory_bytes=10**8, cpu_millis=100)
    )
    task = RemoveFiles(database, runtime, memory_storage())
    work = ClaimedWork(1, REMOVE, {"keys": [], "images": {"one": image_id}}, 1, 20)

    with pytest.raises(Unavailable, match="cannot be removed yet"):
        await task.run(work)
    await runtime.remove_container(container)
    await task.run(work)
    await runtime.close()
