"""Uploads: archives, test files and pictures, whole or in pieces, hostile or just wrong; nothing is left behind."""

import asyncio
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from modelyard.app import Platform
from modelyard.entrypoints.rest import intake
from modelyard.entrypoints.rest.uploads import LONGEST_HEADER, MOST_PARTS
from tests.adapters.registries.archives import member, pack, saved
from tests.asgi import Answer, AsgiClient
from tests.entrypoints.rest.steps import Walk, archive, expect, expect_error, rows, snapshot
from tests.library import TEXT_INPUT

FILE = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.tar"\r\n\r\n'
END = b"\r\n--edge--\r\n"


def _files(platform: Platform) -> list[Path]:
    folders = (platform.uploads, platform.data_dir / "files")
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


async def _import_error(client: AsgiClient, path: str, data: bytes) -> str:
    """What the import of an archive says in the end."""
    expect(await client.upload(f"{path}/container-image", data), 201)
    for _ in range(2000):
        answer = await client.call("GET", f"{path}/container-image")
        if answer.status != 200:
            break
    return expect_error(answer, 422)


async def test_hostile_archives(alice: AsgiClient, walk: Walk, platform: Platform, tmp_path: Path) -> None:
    path = await walk.model()
    good = archive(tmp_path)
    hostile = {
        "climbing": pack(tmp_path / "climb.tar", saved(), member("../../etc/passwd")),
        "absolute": pack(tmp_path / "absolute.tar", saved(), member("/etc/passwd")),
        "device": pack(tmp_path / "device.tar", saved(), member("null", tarfile.CHRTYPE)),
        "link": pack(tmp_path / "link.tar", saved(), member("out", tarfile.SYMTYPE, "../../etc/passwd")),
        "lying": pack(tmp_path / "lying.tar", saved(), member("huge", size=0)),
        "no image": pack(tmp_path / "empty.tar", {"readme.txt": b"hello"}),
        "bomb": pack(tmp_path / "bomb.tar.gz", {"manifest.json": b"\0" * 50_000_000}, mode="w:gz"),
    }
    cases = {name: file.read_bytes() for name, file in hostile.items() if name != "lying"}
    cases |= {"truncated": good[:700], "cut manifest": good[:1100], "nothing": b"", "no tar": b"x" * 5000}
    for data in cases.values():
        message = await _import_error(alice, path, data)
        assert "archive" in message.lower()
    assert _files(platform) == []
    assert not (platform.data_dir.parent / "etc").exists()


async def test_good_archive_in_many_pieces(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    path = await walk.model()
    body = FILE + archive(tmp_path) + END
    pieces = [body[start : start + 7] for start in range(0, len(body), 7)]
    headers = {"content-type": "multipart/form-data; boundary=edge"}
    answer = await alice.call("POST", f"{path}/container-image", data=pieces, headers=headers)

    expect(answer, 201)


EDGE = "multipart/form-data; boundary=edge"
FIELD = b'--edge\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n'
BROKEN: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", FILE + b"x" + END),
    "empty boundary": ("multipart/form-data; boundary=", FILE + b"x" + END),
    "endless boundary": (f"multipart/form-data; boundary={'e' * 300}", FILE + b"x" + END),
    "other boundary": ("multipart/form-data; boundary=other", FILE + b"x" + END),
    "no body": (EDGE, b""),
    "no part": (EDGE, b"--edge--\r\n"),
    "no file": (EDGE, FIELD + b"--edge--\r\n"),
    "no end": (EDGE, FILE + b"x"),
    "no headers": (EDGE, b"--edge\r\n\r\nx" + END),
    "garbage": (EDGE, b"\x00\xff" * 1000),
    "nameless header": (EDGE, b"--edge\r\n: x\r\n\r\nx" + END),
    "strange header": (EDGE, b"--edge\r\n\xff\x00: x\r\n\r\nx" + END),
    "long header": (EDGE, b"--edge\r\nX: " + b"x" * (LONGEST_HEADER + 1) + b"\r\n\r\nx" + END),
    "long header name": (EDGE, b"--edge\r\n" + b"x" * 100_000 + b": x\r\n\r\nx" + END),
    "many headers": (EDGE, b"--edge\r\n" + b"X: x\r\n" * 50 + b"\r\nx" + END),
    "many parts": (EDGE, FIELD * (MOST_PARTS + 1) + FILE + b"x" + END),
}


async def test_broken_multipart_bodies(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.described()
    before = await snapshot(platform.database)
    for media_type, data in BROKEN.values():
        for address in (f"{path}/container-image", f"{path}/testInput", path.rpartition("/versions")[0] + "/image"):
            for pieces in ([data], [data[:5], data[5:30], data[30:]]):
                answer = await alice.call("POST", address, data=pieces, headers={"content-type": media_type})
                expect_error(answer, 400)
    assert await snapshot(platform.database) == before
    assert _files(platform) == []


async def test_wrong_media_types(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.described()
    for media_type in ("application/octet-stream", "application/x-tar", "text/plain", None, "\xff"):
        for address in (f"{path}/container-image", f"{path}/testInput", path.rpartition("/versions")[0] + "/image"):
            answer = await alice.call("POST", address, data=b"x" * 100, headers={"content-type": media_type})
            assert answer.status in {400, 415}
            expect_error(answer, answer.status)
    assert _files(platform) == []


async def test_bad_pull_strings(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.model()
    bodies: list[object] = [
        {},
        [],
        5,
        {"registry": None},
        {"registry": "registry.example/a:1"},
        {"registry": {}},
        *(
            {"registry": {"url": url}}
            for url in (None, 5, "", " ", "UPPER/Case", "a b", "http://", "file:///etc/passwd", "x" * 3000, "a\x00b",
                        "registry.example/a:", "registry.example/a@sha256:short", "../../x")
        ),
        {"registry": {"url": "registry.example/a:1", "username": 5}},
        {"registry": {"url": "registry.example/a:1", "password": "x" * 20_000}},
    ]  # fmt: skip
    for body in bodies:
        expect_error(await alice.call("POST", f"{path}/container-image", body), 400)
    assert await rows(platform.database, "container_images") == 0


async def test_active_version_refuses_an_image_before_it_is_sent(
    alice: AsgiClient, walk: Walk, platform: Platform
) -> None:
    path = f"/api/models/{await walk.active()}/versions/0.1.0/container-image"
    expect_error(await alice.upload(path, b"x" * 100_000), 409, "container image")
    expect_error(await alice.call("POST", path, {"registry": {"url": "registry.example/a:1"}}), 409)
    assert _files(platform) == []


async def test_test_files(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = f"{await walk.described()}/testInput"
    expect_error(await alice.upload(path, b"x" * 1001), 413)
    expect_error(await alice.upload(f"{path}?name=other", b"x"), 400, "other")
    expect_error(await alice.upload(f"{path}?name=%00%ff", b"x"), 400)
    assert _files(platform) == []
    for content in (b"first", b"x" * 1000, b""):
        expect(await alice.upload(f"{path}?name=input.txt", content, file_name="../../a\\b.txt"), 201)
    async with asyncio.timeout(10):
        while len(kept := _files(platform)) > 1:  # noqa: ASYNC110 - what was replaced goes in the background
            await asyncio.sleep(0.01)
    assert kept[0].read_bytes() == b""


async def test_a_disk_that_fills_up_while_it_uploads(
    alice: AsgiClient, walk: Walk, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await walk.model()
    frees = iter([10**12, 10**12, 10**12, 10**6])
    monkeypatch.setattr(intake, "CHECK_BYTES", 1000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=next(frees)))
    answer = await alice.upload(f"{path}/container-image", b"x" * 1_000_000)
    expect_error(answer, 503, "disk is full")
    assert _files(platform) == []


async def test_a_full_disk_takes_no_test_file(alice: AsgiClient, walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await walk.described()
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**6))
    answer = await alice.upload(f"{path}/testInput?name={TEXT_INPUT['name']}", b"hello")
    expect_error(answer, 503, "disk is full")


async def test_broken_connection_leaves_nothing(alice: AsgiClient, walk: Walk, platform: Platform) -> None:
    path = await walk.described()
    for address in (f"{path}/container-image", f"{path}/testInput"):
        app = alice.app

        async def break_off(scope: object, receive: object, send: object, app: object = app) -> None:
            """Sends a part of the body, then goes away."""
            sent = iter([{"type": "http.request", "body": FILE + b"half", "more_body": True}])

            async def half() -> object:
                return next(sent, {"type": "http.disconnect"})

            assert callable(app)
            await app(scope, half, send)

        client = AsgiClient(break_off, alice._headers)
        answer: Answer = await client.multipart(address, b"")
        expect_error(answer, 400, "connection")
    assert _files(platform) == []
