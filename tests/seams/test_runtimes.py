"""Every runtime keeps the same promises: the fake, and podman with real containers."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from modelyard.adapters.runtimes.base import (
    ArchiveRejected,
    ContainerNotFound,
    ContainerSpec,
    ContainerStartFailed,
    ContainerStatus,
    ImageInUse,
    ImageNotFound,
    Mount,
    PullProgress,
    RuntimeUnavailable,
)
from tests.containers import can_run_containers
from tests.seams.runtime_cast import LABEL, PORT, RuntimeCast, fake_cast, podman_cast, spec


@pytest.fixture(params=["fake", pytest.param("podman", marks=pytest.mark.containers)])
async def cast(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RuntimeCast]:
    if request.param == "fake":
        async with fake_cast() as fake:
            yield fake
        return
    if not can_run_containers():
        pytest.skip("podman is not installed")
    async with podman_cast(tmp_path) as podman:
        yield podman


@contextlib.asynccontextmanager
async def started(cast: RuntimeCast, wanted: ContainerSpec) -> AsyncIterator[str]:
    container = await cast.runtime.start_container(wanted)
    try:
        yield container
    finally:
        await cast.runtime.remove_container(container)


async def wait_for_log(cast: RuntimeCast, container: str, text: str) -> None:
    async with asyncio.timeout(20):
        async for line in cast.runtime.follow_log(container):
            if text in line:
                return
    raise AssertionError(f"the program ended without saying {text}")


async def ask(path: Path, question: bytes) -> bytes:
    """What comes back from an exposed port until the other side ends."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(question)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


async def test_facts_name_the_runtime(cast: RuntimeCast) -> None:
    facts = await cast.runtime.facts()

    assert facts.name in ("fake", "podman")
    assert facts.cpus > 0
    assert facts.memory_bytes > 0
    assert facts.architecture in ("amd64", "arm64", "arm")


async def test_an_image_tells_its_facts(cast: RuntimeCast) -> None:
    facts = await cast.runtime.inspect_image(cast.image)

    assert facts.image_id.startswith("sha256:")
    assert facts.labels["kind"] == "test"
    assert facts.operating_system == "linux"
    assert facts.command
    assert await cast.runtime.inspect_image(facts.image_id) == facts


async def test_an_image_tells_its_layers(cast: RuntimeCast) -> None:
    layers = await cast.runtime.image_layers(cast.image)

    assert max(layer.size for layer in layers) > 0
    assert any(layer.created_by for layer in layers)
    with pytest.raises(ImageNotFound):
        await cast.runtime.image_layers("localhost/modelyard/nothing:1")


async def test_a_missing_image_is_not_found(cast: RuntimeCast) -> None:
    with pytest.raises(ImageNotFound):
        await cast.runtime.inspect_image("localhost/modelyard/nothing:1")
    with pytest.raises(ImageNotFound):
        await cast.runtime.start_container(spec(cast, "idle", image="localhost/modelyard/nothing:1"))
    await cast.runtime.remove_image("localhost/modelyard/nothing:1")


async def test_an_archive_loads_and_its_image_is_removed_again(cast: RuntimeCast, tmp_path: Path) -> None:
    archive, name = cast.archive(tmp_path)
    heard: list[PullProgress] = []

    async def listen(progress: PullProgress) -> None:
        heard.append(progress)

    image_id = await cast.runtime.load_image(archive, on_progress=listen)
    assert (await cast.runtime.inspect_image(name)).image_id == image_id
    assert heard

    again = f"localhost/modelyard/again-{uuid4().hex[:12]}"
    await cast.runtime.tag_image(image_id, again, "7")
    assert (await cast.runtime.inspect_image(f"{again}:7")).image_id == image_id
    await cast.runtime.remove_image(f"{again}:7")
    assert (await cast.runtime.inspect_image(name)).image_id == image_id

    await cast.runtime.tag_image(image_id, again, "8")
    await cast.runtime.remove_image(image_id)
    with pytest.raises(ImageNotFound):
        await cast.runtime.inspect_image(image_id)
    await cast.runtime.remove_image(image_id)


async def test_a_compressed_archive_loads(cast: RuntimeCast, tmp_path: Path) -> None:
    archive, name = cast.archive(tmp_path)
    packed = tmp_path / "image.tar.gz"
    packed.write_bytes(gzip.compress(archive.read_bytes()))

    image_id = await cast.runtime.load_image(packed)

    assert (await cast.runtime.inspect_image(name)).image_id == image_id
    await cast.runtime.remove_image(name)


async def test_an_image_is_saved_as_an_archive_that_loads_again(cast: RuntimeCast, tmp_path: Path) -> None:
    archive, name = cast.archive(tmp_path)
    image_id = await cast.runtime.load_image(archive)

    for reference in (name, image_id):
        saved = tmp_path / "saved.tar"
        with saved.open("wb") as file:
            async for chunk in cast.runtime.save_image(reference):
                file.write(chunk)
        await cast.runtime.remove_image(image_id)
        assert await cast.runtime.load_image(saved) == image_id

    await cast.runtime.remove_image(image_id)


async def test_what_is_left_of_a_saved_image_can_be_left_unread(cast: RuntimeCast, tmp_path: Path) -> None:
    archive, name = cast.archive(tmp_path)
    await cast.runtime.load_image(archive)

    async with contextlib.aclosing(cast.runtime.save_image(name)) as chunks:
        assert await anext(chunks)

    await cast.runtime.remove_image(name)


async def test_an_image_that_is_not_held_cannot_be_saved(cast: RuntimeCast) -> None:
    for reference in ("localhost/modelyard/nothing:1", "sha256:" + "0" * 64):
        with pytest.raises(ImageNotFound):
            await anext(cast.runtime.save_image(reference))


async def test_a_lost_runtime_saves_nothing(cast: RuntimeCast) -> None:
    await cast.lose()
    try:
        with pytest.raises(RuntimeUnavailable):
            await anext(cast.runtime.save_image(cast.image))
    finally:
        await cast.restore()


@pytest.mark.parametrize("content", [b"no archive", b"\x1f\x8bno gzip either", b""])
async def test_something_else_is_no_archive(cast: RuntimeCast, tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "bad.tar"
    archive.write_bytes(content)

    with pytest.raises(ArchiveRejected):
        await cast.runtime.load_image(archive)
    with pytest.raises(ArchiveRejected):
        await cast.runtime.load_image(tmp_path / "absent.tar")


async def test_images_come_and_go_at_the_same_time(cast: RuntimeCast, tmp_path: Path) -> None:
    async def load_and_remove(index: int) -> None:
        directory = tmp_path / str(index)
        directory.mkdir()
        archive, name = cast.archive(directory)
        for _ in range(3):
            image_id = await cast.runtime.load_image(archive)
            assert (await cast.runtime.inspect_image(name)).image_id == image_id
            await cast.runtime.remove_image(name)

    await asyncio.gather(*(load_and_remove(index) for index in range(4)))


async def test_an_image_in_use_stays(cast: RuntimeCast, tmp_path: Path) -> None:
    archive, name = cast.archive(tmp_path)
    await cast.runtime.load_image(archive)

    async with started(cast, spec(cast, "idle", image=name, command=None)) as container:
        with pytest.raises(ImageInUse):
            await cast.runtime.remove_image(name)
        state = await cast.runtime.inspect_container(container)
        assert state.status is ContainerStatus.RUNNING
    await cast.runtime.remove_image(name)


async def test_a_container_runs_and_answers_on_its_port(cast: RuntimeCast) -> None:
    wanted = spec(cast, "serve")
    async with started(cast, wanted) as container:
        state = await cast.runtime.inspect_container(container)
        assert (state.name, state.status, state.exit_code) == (wanted.name, ContainerStatus.RUNNING, None)
        assert state.labels[LABEL] == wanted.labels[LABEL]
        assert state.started_at is not None
        path = await cast.runtime.expose(container, PORT)
        assert len(str(path)) < 100
        assert path == await cast.runtime.expose(container, PORT)
        await wait_for_log(cast, container, "listening")

        answers = await asyncio.gather(*(ask(path, f"hello {n}".encode()) for n in range(20)))

        assert answers == [f"HELLO {n}".encode() for n in range(20)]
        assert await ask(path, b"x" * 5_000_000) == b"X" * 5_000_000
    assert not path.exists()
    with pytest.raises(ContainerNotFound):
        await cast.runtime.expose(container, PORT)


async def test_a_port_without_listener_ends_the_connection(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "idle")) as container:
        path = await cast.runtime.expose(container, PORT)

        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(ask(path, b"hello"), 5) == b""


async def test_a_program_may_listen_on_ipv6(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "serve6")) as container:
        await wait_for_log(cast, container, "listening")

        assert await ask(await cast.runtime.expose(container, PORT), b"six") == b"SIX"


async def test_a_container_with_a_network_is_reached_the_same_way(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "serve", network=True)) as container:
        await wait_for_log(cast, container, "listening")

        assert await ask(await cast.runtime.expose(container, PORT), b"bridge") == b"BRIDGE"


async def test_an_ended_container_cannot_be_exposed(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "exit", environment={"CODE": "0"})) as container:
        await cast.runtime.wait_container(container)

        with pytest.raises(ContainerNotFound):
            await cast.runtime.expose(container, PORT)
        with pytest.raises(ContainerNotFound):
            await cast.runtime.resource_use(container)


async def test_the_exit_code_is_told(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "exit", environment={"CODE": "3"})) as container:
        state = await cast.runtime.wait_container(container)

        assert (state.status, state.exit_code, state.out_of_memory) == (ContainerStatus.EXITED, 3, False)
        assert await cast.runtime.wait_container(container) == state


async def test_too_little_memory_is_told(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "hog", memory_bytes=32_000_000)) as container:
        state = await asyncio.wait_for(cast.runtime.wait_container(container), 30)

        assert (state.exit_code, state.out_of_memory) == (137, True)


async def test_both_streams_are_logged(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "say", "40")) as container:
        followed = [line async for line in cast.runtime.follow_log(container, lines=1000)]
        assert sorted(followed) == sorted(f"{word} {n}" for word in ("line", "oops") for n in range(40))
        assert [line for line in followed if line.startswith("line")] == [f"line {n}" for n in range(40)]

        assert len((await cast.runtime.read_log(container)).splitlines()) == 50
        last = (await cast.runtime.read_log(container, lines=2)).splitlines()
        assert sorted(last) == ["line 39", "oops 39"]
    assert await cast.runtime.read_log(container) == ""


async def test_lines_written_in_pieces_are_logged_whole(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "pieces")) as container:
        await cast.runtime.wait_container(container)

        assert await cast.runtime.read_log(container) == "one line\n"


async def test_a_mount_is_seen(cast: RuntimeCast, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "in.txt").write_text("hello")
    async with started(cast, spec(cast, "copy", mounts=(Mount(shared, "/data"),))) as container:
        assert (await cast.runtime.wait_container(container)).exit_code == 0

    assert (shared / "out.txt").read_text() == "HELLO"


async def test_resource_use_is_measured(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "serve")) as container:
        await wait_for_log(cast, container, "listening")
        use = await cast.runtime.resource_use(container)

        assert 0 < use.memory_bytes <= use.peak_memory_bytes <= 64_000_000
        assert use.cpu_seconds > 0


async def test_a_paused_container_waits(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "serve")) as container:
        path = await cast.runtime.expose(container, PORT)
        await wait_for_log(cast, container, "listening")
        await cast.runtime.pause_container(container)
        state = await cast.runtime.inspect_container(container)
        assert (state.status, state.exit_code) == (ContainerStatus.PAUSED, None)
        asked = asyncio.create_task(ask(path, b"hello"))
        await asyncio.sleep(0.2)
        assert not asked.done()

        await cast.runtime.unpause_container(container)

        assert await asyncio.wait_for(asked, 5) == b"HELLO"
        await cast.runtime.pause_container(container)  # and removing it works even so


async def test_containers_are_listed_by_label(cast: RuntimeCast) -> None:
    first, other = spec(cast, "idle"), spec(cast, "idle")
    ended = spec(cast, "exit", environment={"CODE": "1"}, labels=first.labels)
    async with started(cast, first) as one, started(cast, other), started(cast, ended) as two:
        await cast.runtime.wait_container(two)
        found = await cast.runtime.list_containers(LABEL, first.labels[LABEL])

        assert {(state.container_id, state.exit_code) for state in found} == {(one, None), (two, 1)}
    assert await cast.runtime.list_containers(LABEL, first.labels[LABEL]) == []


async def test_removing_twice_is_no_error(cast: RuntimeCast) -> None:
    container = await cast.runtime.start_container(spec(cast, "idle"))

    await cast.runtime.remove_container(container)
    await cast.runtime.remove_container(container)

    for call in (cast.runtime.inspect_container, cast.runtime.wait_container, cast.runtime.pause_container):
        with pytest.raises(ContainerNotFound):
            await call(container)


async def test_a_name_is_used_once(cast: RuntimeCast) -> None:
    wanted = spec(cast, "idle")
    async with started(cast, wanted) as container:
        with pytest.raises(ContainerStartFailed):
            await cast.runtime.start_container(wanted)
        state = await cast.runtime.inspect_container(wanted.name)
        assert state.container_id == container


async def test_waiting_ends_when_the_container_is_removed(cast: RuntimeCast) -> None:
    container = await cast.runtime.start_container(spec(cast, "idle"))
    waiting = asyncio.create_task(cast.runtime.wait_container(container))
    await asyncio.sleep(0.1)

    await cast.runtime.remove_container(container)

    with pytest.raises(ContainerNotFound):
        await asyncio.wait_for(waiting, 10)


async def test_a_lost_runtime_is_unavailable_and_its_containers_run_on(cast: RuntimeCast) -> None:
    async with started(cast, spec(cast, "serve")) as container:
        path = await cast.runtime.expose(container, PORT)
        await wait_for_log(cast, container, "listening")
        await cast.lose()
        try:
            with pytest.raises(RuntimeUnavailable):
                await cast.runtime.inspect_container(container)
            with pytest.raises(RuntimeUnavailable):
                await cast.runtime.start_container(spec(cast, "idle"))
            with pytest.raises(RuntimeUnavailable):
                await cast.runtime.facts()
            assert await ask(path, b"still here") == b"STILL HERE"
        finally:
            await cast.restore()

        assert (await cast.runtime.inspect_container(container)).status is ContainerStatus.RUNNING
