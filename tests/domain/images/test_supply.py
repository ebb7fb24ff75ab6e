"""Images that this machine lacks: from where they come, what is checked, and what is said when they cannot be had."""

import asyncio
import hashlib
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modelyard.adapters.registries.base import ImageDescription
from modelyard.adapters.registries.fake import SMALL_IMAGE
from modelyard.adapters.runtimes.base import Credentials, ImageInUse, ImageNotFound, RuntimeUnavailable
from modelyard.adapters.runtimes.fake import FakeRuntime
from modelyard.adapters.runtimes.fake_container import FakeContainer
from modelyard.adapters.runtimes.fake_images import FakeImage, archive_chunks, make_image, read_archive
from modelyard.adapters.storage.base import Storage
from modelyard.adapters.storage.fake import memory_storage
from modelyard.core.database import Database
from modelyard.core.sealing import Sealer
from modelyard.domain.images.copies import ImageCopies, key_of_copy
from modelyard.domain.images.marks import ImageMarks
from modelyard.domain.images.supply import ImageNotHere, ImageSupply
from modelyard.domain.images.tasks import REPOSITORY
from tests.library import held_image
from tests.machine import REFERENCE, Machine

IMAGE = make_image("echo", FakeContainer.idle)
PULLED = f"registry.example/team/echo@{SMALL_IMAGE.digest}"
FROM_REGISTRY: dict[str, Any] = {
    "registry_host": "registry.example",
    "repository": "team/echo",
    "reference": REFERENCE,
    "digest": SMALL_IMAGE.digest,
}


class ConfigReader:
    """Says which image is in an archive of the fake runtime."""

    async def describe(self, archive: Path, *, architecture: str = "amd64") -> ImageDescription:
        config, _ = read_archive(archive)
        return replace(SMALL_IMAGE, image_id=f"sha256:{hashlib.sha256(config).hexdigest()}")


@pytest.fixture
def storage() -> Storage:
    return memory_storage()


@pytest.fixture
def supply(database: Database, machine: Machine, sealer: Sealer, storage: Storage, tmp_path: Path) -> ImageSupply:
    (tmp_path / "uploads").mkdir()
    return ImageSupply(
        database,
        machine.runtime,
        machine.registry,
        ConfigReader(),
        sealer,
        ImageCopies(storage, are_kept=True),
        ImageMarks(tmp_path / "images"),
        tmp_path / "uploads",
        defaultdict(asyncio.Lock),
    )


async def _add(database: Database, image: FakeImage = IMAGE, **facts: Any) -> str:
    row = held_image(image.image_id, **facts)
    async with database.write() as session:
        session.add(row)
        return row.id


async def _copy(storage: Storage, image: FakeImage, *, of: FakeImage = IMAGE) -> None:
    await storage.put(key_of_copy(of.image_id), b"".join(archive_chunks(image, ["echo:1"])))


async def _not_here(supply: ImageSupply) -> str:
    with pytest.raises(ImageNotHere) as caught:
        await supply.bring(IMAGE.image_id)
    assert not list(supply.scratch.iterdir())
    return caught.value.message


async def test_from_the_registry_by_digest(database: Database, machine: Machine, supply: ImageSupply) -> None:
    row_id = await _add(database, **FROM_REGISTRY)
    machine.runtime.publish(PULLED, IMAGE)
    assert not await supply.has(IMAGE.image_id)
    await asyncio.gather(*(supply.bring(IMAGE.image_id) for _ in range(3)))

    assert (await machine.runtime.inspect_image(f"{REPOSITORY}:{row_id}")).image_id == IMAGE.image_id
    assert supply.marks.all() == {row_id: IMAGE.image_id}


async def test_with_credentials_that_are_still_there(
    database: Database, machine: Machine, supply: ImageSupply, sealer: Sealer
) -> None:
    await _add(database, **FROM_REGISTRY, username="alice", sealed_password=sealer.seal("secret"))
    machine.runtime.publish(PULLED, IMAGE, credentials=Credentials("alice", "secret"))
    await supply.bring(IMAGE.image_id)

    assert await supply.has(IMAGE.image_id)


async def test_from_the_copy(database: Database, supply: ImageSupply, storage: Storage) -> None:
    await _add(database)
    await _copy(storage, IMAGE)
    await supply.bring(IMAGE.image_id)

    assert await supply.has(IMAGE.image_id)
    assert not list(supply.scratch.iterdir())


async def test_a_copy_that_was_changed_is_not_loaded(
    database: Database, machine: Machine, supply: ImageSupply, storage: Storage
) -> None:
    other = make_image("other", FakeContainer.idle)
    await _add(database)
    await _copy(storage, other)

    assert f"what came is the image {other.image_id} and not" in await _not_here(supply)
    with pytest.raises(ImageNotFound):
        await machine.runtime.inspect_image(other.image_id)


async def test_another_image_under_the_same_digest(database: Database, machine: Machine, supply: ImageSupply) -> None:
    await _add(database, **FROM_REGISTRY)
    machine.runtime.publish(PULLED, make_image("other", FakeContainer.idle))

    assert "what came is the image" in await _not_here(supply)


async def test_uploaded_and_not_copied(database: Database, supply: ImageSupply) -> None:
    await _add(database, reference="echo.tar")

    text = await _not_here(supply)
    assert "does not have the image echo.tar" in text
    assert "MODELYARD_IMAGE_COPIES" in text


async def test_gone_from_the_registry(database: Database, supply: ImageSupply) -> None:
    await _add(database, **FROM_REGISTRY)

    assert "The registry has no image" in await _not_here(supply)


async def test_of_no_version(supply: ImageSupply) -> None:
    assert "no version has it any more" in await _not_here(supply)


async def test_a_runtime_that_is_away_says_so(database: Database, machine: Machine, supply: ImageSupply) -> None:
    machine.runtime.available = False
    with pytest.raises(RuntimeUnavailable):
        await supply.bring(IMAGE.image_id)


async def test_copies_are_made_of_what_others_cannot_pull(
    database: Database, machine: Machine, supply: ImageSupply, sealer: Sealer
) -> None:
    images = {name: make_image(name, FakeContainer.idle) for name in ("uploaded", "public", "secret", "elsewhere")}
    for name in ("uploaded", "public", "secret"):
        machine.runtime.hold(name, images[name])
    await _add(database, images["uploaded"])
    await _add(database, images["elsewhere"])
    await _add(database, images["public"], **FROM_REGISTRY)
    await _add(database, images["secret"], **FROM_REGISTRY, username="alice")
    await supply.keep_missing_copies()

    copied = {name for name, image in images.items() if await supply.copies.has(image.image_id)}
    assert copied == {"uploaded", "secret"}
    await machine.runtime.remove_image(images["uploaded"].image_id)
    await supply.bring(images["uploaded"].image_id)


async def test_what_another_server_removed_goes_here_too(
    database: Database, machine: Machine, supply: ImageSupply
) -> None:
    machine.runtime.hold("echo", IMAGE)
    row_id = await _add(database)
    for name in (row_id, "removed-elsewhere"):
        supply.marks.add(name, IMAGE.image_id)
        await machine.runtime.tag_image(IMAGE.image_id, REPOSITORY, name)
    await supply.remove_unwanted()

    assert supply.marks.all() == {row_id: IMAGE.image_id}
    assert await supply.has(f"{REPOSITORY}:{row_id}")
    assert not await supply.has(f"{REPOSITORY}:removed-elsewhere")

    async with database.write() as session:
        await session.delete(await session.get_one(type(held_image()), row_id))
    await supply.remove_unwanted()
    assert supply.marks.all() == {}
    assert not await supply.has(IMAGE.image_id)


async def test_an_image_in_use_goes_later(database: Database, machine: Machine, supply: ImageSupply) -> None:
    image_id = machine.runtime.hold("echo", IMAGE)
    supply.marks.add("gone", image_id)
    await machine.runtime.tag_image(image_id, REPOSITORY, "gone")
    runtime: FakeRuntime = machine.runtime
    remove = runtime.remove_image

    async def in_use(image: str) -> None:
        raise ImageInUse("A container still uses it.")

    runtime.remove_image = in_use  # type: ignore[method-assign]
    await supply.remove_unwanted()
    assert supply.marks.all() == {"gone": image_id}
    runtime.remove_image = remove  # type: ignore[method-assign]
    await supply.remove_unwanted()
    assert supply.marks.all() == {}
