"""Archives are described without unpacking, and hostile or damaged ones are refused."""

import asyncio
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from modelyard.adapters.registries.archive import TarArchiveReader
from modelyard.adapters.registries.base import ArchiveReader, ArchiveTooLarge, BadArchive
from tests.adapters.registries.archives import LAYER, Files, blobs, layout, member, pack, saved
from tests.servers import descriptor, digest_of, synthetic_image

_READER: ArchiveReader = TarArchiveReader(50_000_000, 1000)


async def _refused(archive: Path, match: str | None = None) -> None:
    with pytest.raises(BadArchive, match=match):
        await _READER.describe(archive)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
async def test_saved_image(tmp_path: Path, mode: str) -> None:
    found = await _READER.describe(pack(tmp_path / "a.tar", saved(), mode=mode))
    image = synthetic_image(layer=LAYER)
    assert found.digest == digest_of(image.config)
    assert found.size == len(LAYER)
    assert (found.architecture, found.operating_system) == ("amd64", "linux")
    assert found.labels == {"org.example.name": "synthetic"}
    assert (found.entrypoint, found.command) == (("/model",), ("--port", "8080"))
    assert (found.ports, found.user, found.architectures) == (("8080/tcp",), "1000", ("amd64",))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
async def test_layout(tmp_path: Path, mode: str) -> None:
    files = layout()
    found = await _READER.describe(pack(tmp_path / "a.tar", files, mode=mode))
    assert found.digest == json.loads(files["index.json"])["manifests"][0]["digest"]
    assert found.size == len(LAYER)
    assert found.environment == ("PATH=/bin", "MODE=test")


async def test_layout_of_several_architectures(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar", layout("arm64", "amd64"))
    assert (await _READER.describe(archive)).architecture == "amd64"
    assert (await _READER.describe(archive, architecture="arm64")).architecture == "arm64"
    found = await _READER.describe(archive, architecture="s390x")
    assert (found.architecture, found.architectures) == ("arm64", ("arm64", "amd64"))


async def test_layout_with_an_index_of_which_one_image_is_there(tmp_path: Path) -> None:
    files = layout("amd64")
    manifest_digest = json.loads(files["index.json"])["manifests"][0]["digest"]
    present = files[f"blobs/{manifest_digest.replace(':', '/')}"]
    nested = {
        "schemaVersion": 2,
        "manifests": [
            descriptor(b"absent", "", "arm64"),
            descriptor(present, "", "amd64"),
            descriptor(b"", "", "unknown"),
        ],
    }
    document = json.dumps(nested).encode()
    files |= blobs(document)
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [descriptor(document, "")]}).encode()
    found = await _READER.describe(pack(tmp_path / "a.tar", files), architecture="arm64")
    assert found.architectures == ("amd64",)


async def test_links_within_the_archive(tmp_path: Path) -> None:
    files = saved()
    files["layer.tar"] = files.pop("one/layer.tar")
    links = (
        member("two/layer.tar", tarfile.SYMTYPE, "../layer.tar"),
        member("one/layer.tar", tarfile.LNKTYPE, "two/layer.tar"),
    )
    assert (await _READER.describe(pack(tmp_path / "a.tar", files, *links))).size == len(LAYER)


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
async def test_formats_and_long_names(tmp_path: Path, tar_format: int) -> None:
    tarfile_path = tmp_path / "a.tar"
    pack(tarfile_path, saved(), member(f"{'d' * 90}/{'x' * 90}"), member("./dir", tarfile.DIRTYPE))
    with tarfile.open(tarfile_path) as source, tarfile.open(tmp_path / "b.tar", "w", format=tar_format) as target:
        for info in source:
            target.addfile(info, source.extractfile(info) if info.isfile() else None)
    assert (await _READER.describe(tmp_path / "b.tar")).size == len(LAYER)


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (member("../x"), "leads out"),
        (member("a/../../x"), "leads out"),
        (member("a/.."), "leads out"),
        (member("/etc/passwd"), "leads out"),
        (member("x" * 5000), "too long"),
        (member("a/" * 100 + "b"), "too long"),
        (member("a", tarfile.SYMTYPE, "/etc/passwd"), "leads out"),
        (member("a", tarfile.SYMTYPE, "../x"), "leads out"),
        (member("a/b", tarfile.SYMTYPE, "../../x"), "leads out"),
        (member("a", tarfile.LNKTYPE, "/etc/passwd"), "leads out"),
        (member("a", tarfile.LNKTYPE, "../x"), "leads out"),
        (member("a", tarfile.CHRTYPE, devmajor=1, devminor=3), "device"),
        (member("a", tarfile.BLKTYPE), "device"),
        (member("a", tarfile.FIFOTYPE), "device"),
        (member("a", tarfile.GNUTYPE_SPARSE), "device"),
        (member("a", b"Z"), "device"),
        (member("manifest.json"), "twice"),
        (member("./manifest.json"), "twice"),
        (member("manifest.json", tarfile.SYMTYPE, "x"), "twice"),
        (member("manifest.json/x"), "below"),
        (member("./", tarfile.SYMTYPE, "x"), "without a name"),
    ],
)
async def test_hostile_members(tmp_path: Path, info: tarfile.TarInfo, reason: str) -> None:
    await _refused(pack(tmp_path / "a.tar", saved(), info), reason)


async def test_members_below_links(tmp_path: Path) -> None:
    link = member("a", tarfile.SYMTYPE, "b")
    await _refused(pack(tmp_path / "a.tar", saved(), link, member("a/x")), "below")
    await _refused(pack(tmp_path / "b.tar", saved(), member("a/b/x"), link), "below")


async def test_links_in_a_circle(tmp_path: Path) -> None:
    files = saved()
    del files["one/layer.tar"]
    links = (member("one/layer.tar", tarfile.SYMTYPE, "b"), member("one/b", tarfile.SYMTYPE, "layer.tar"))
    await _refused(pack(tmp_path / "a.tar", files, *links), "lacks")


def _without(files: Files, part: str) -> Files:
    return {name: data for name, data in files.items() if part not in name}


def _with_manifest(manifest: object) -> Files:
    data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    return saved() | {"manifest.json": data}


_ENTRY = json.loads(saved()["manifest.json"])[0]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no image"),
        ({"readme": b"x"}, "no image"),
        (_without(saved(), "manifest"), "no image"),
        (_without(saved(), "layer"), "lacks"),
        (_without(saved(), _ENTRY["Config"]), "lacks"),
        (_with_manifest(b""), "not a JSON"),
        (_with_manifest(b"{not json"), "cannot be read"),
        (_with_manifest(b"[" * 1_000_000), "cannot be read"),
        (_with_manifest(b'{"a":' * 1_000_000), "cannot be read"),
        (_with_manifest(b'[{"Config":"a","Layers":[],"x":' + b"[" * 1_000_000), "cannot be read"),
        (_with_manifest(b"[" + b" " * 9_000_000 + b"]"), "larger than allowed"),
        (_with_manifest([]), "no image"),
        (_with_manifest([_ENTRY, _ENTRY]), "several images"),
        (_with_manifest([_ENTRY | {"Layers": None}]), "cannot be read"),
        (_with_manifest([_ENTRY | {"Layers": []}]), "more or fewer"),
        (_with_manifest([_ENTRY | {"Layers": ["../../etc/passwd"]}]), "leads out"),
        (_with_manifest([_ENTRY | {"Config": "/etc/passwd"}]), "leads out"),
        (_with_manifest([_ENTRY | {"Config": "one/layer.tar"}]), "not a JSON"),
        (saved() | {"one/layer.tar": b"other"}, "another digest"),
        (saved() | {_ENTRY["Config"]: b"{}"}, "another digest"),
        (_without(layout(), "oci-layout"), "no image"),
        (_without(layout(), digest_of(LAYER)[7:]), "lacks the layer"),
        (layout() | {"index.json": b'{"schemaVersion":2,"manifests":[]}'}, "without any image"),
        (layout() | {"index.json": b"[]"}, "cannot be read"),
        (layout() | {f"blobs/sha256/{'0' * 64}": b"x"}, "another digest"),
        (layout() | {f"blobs/{digest_of(LAYER).replace(':', '/')}": b"x"}, "another digest"),
        (layout() | {"blobs/sha256/evil": b"x"}, "another digest"),
    ],
)
async def test_damaged_images(tmp_path: Path, files: Files, reason: str) -> None:
    await _refused(pack(tmp_path / "a.tar", files), reason)


async def test_two_images_in_a_layout(tmp_path: Path) -> None:
    files = layout("amd64", "arm64")
    index = json.loads(files["index.json"])
    for entry in index["manifests"]:
        del entry["platform"]
    await _refused(pack(tmp_path / "a.tar", files | {"index.json": json.dumps(index).encode()}), "several images")


@pytest.mark.parametrize("mode", ["w", "w:gz"])
async def test_truncated_anywhere(tmp_path: Path, mode: str) -> None:
    whole = pack(tmp_path / "whole.tar", saved(), member("x" * 300), mode=mode).read_bytes()
    content = len(whole) if mode == "w:gz" else len(whole.rstrip(b"\0"))
    cut = tmp_path / "cut.tar"
    for end in sorted({*range(0, content, max(1, content // 150)), *range(0, content, 512), content - 1}):
        cut.write_bytes(whole[:end])
        await _refused(cut)


@pytest.mark.parametrize("tail", [b"x", b"\0" * 5000 + b"x"])
async def test_something_behind_the_end(tmp_path: Path, tail: bytes) -> None:
    archive = pack(tmp_path / "a.tar", saved())
    archive.write_bytes(archive.read_bytes() + tail)
    await _refused(archive, "behind its end")


async def test_changed_anywhere_is_refused_or_described(tmp_path: Path) -> None:
    whole = pack(tmp_path / "whole.tar", layout()).read_bytes()
    changed = tmp_path / "changed.tar"
    for position in range(0, len(whole), 97):
        changed.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        try:
            await _READER.describe(changed)
        except (BadArchive, ArchiveTooLarge):
            continue


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh91AY", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"PK\x03\x04", "zip")],
)
async def test_other_compressions_are_named(tmp_path: Path, head: bytes, name: str) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(head + bytes(2000))
    await _refused(archive, name)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"hello " * 1000, bytes(100), b"\x1f\x8b", b"\x1f\x8b" + bytes(2000)],
    ids=["nothing", "letter", "text", "zeros", "short gzip", "no gzip"],
)
async def test_no_tar_at_all(tmp_path: Path, data: bytes) -> None:
    archive = tmp_path / "a.tar"
    archive.write_bytes(data)
    await _refused(archive)


async def test_cancelled(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.tar", {"big": bytes(40_000_000)}, mode="w:gz")
    reading = asyncio.create_task(_READER.describe(archive))
    await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


@pytest.mark.containers
@pytest.mark.skipif(shutil.which("podman") is None, reason="podman is not installed")
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
async def test_what_podman_saves(tmp_path: Path, form: str) -> None:
    pack(tmp_path / "root.tar", {"model": b"#!"})
    name = f"localhost/modelyard-test/{tmp_path.name.lower().strip('-_')}:1"
    try:
        for command in (
            ["import", "--change", 'ENTRYPOINT ["/model"]', str(tmp_path / "root.tar"), name],
            ["save", "--format", form, "--output", str(tmp_path / "saved.tar"), name],
        ):
            subprocess.run(["podman", *command], check=True, capture_output=True)
    finally:
        subprocess.run(["podman", "rmi", "--force", name], check=False, capture_output=True)
    found = await _READER.describe(tmp_path / "saved.tar")
    assert (found.entrypoint, found.operating_system) == (("/model",), "linux")
