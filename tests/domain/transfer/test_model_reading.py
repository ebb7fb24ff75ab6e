"""Exported models are read as if everybody who sends one were hostile."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from modelyard.domain.transfer.model_format import FORMAT, ExportRejected, ExportTooLarge
from modelyard.domain.transfer.model_reading import ReadingLimits, ReceivedFile, read_model_export
from modelyard.domain.transfer.model_writing import PULSE
from tests.model_exports import named, packed, tar_of

MANIFEST = json.dumps({"format": FORMAT, "formatVersion": 1}).encode()
IMAGE = "images/" + "a" * 64 + ".tar"
MEMBERS = {
    "manifest.json": MANIFEST,
    "model.json": b'{"name": "echo"}',
    "versions/1.0.0/version.json": b"{}",
    "versions/1.0.0/test-inputs/1": b"a good day",
    "pictures/picture.png": b"a picture",
    IMAGE: b"an image" * 1000,
}
LIMITS = ReadingLimits(whole=1_000_000, test_input=1000)


def read(data: bytes, directory: Path, limits: ReadingLimits = LIMITS) -> ReceivedFile:
    return read_model_export(io.BytesIO(data).read, directory, limits)


def expect_refused(data: bytes, directory: Path, *words: str, limits: ReadingLimits = LIMITS) -> None:
    with pytest.raises((ExportRejected, ExportTooLarge)) as caught:
        read(data, directory, limits)
    for word in words:
        assert word in caught.value.message
    assert list(directory.iterdir()) == []


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    received = read(packed(MEMBERS), tmp_path)

    assert received.documents["model.json"] == b'{"name": "echo"}'
    assert received.files[IMAGE].path.read_bytes() == b"an image" * 1000
    assert {path.suffix for path in tmp_path.iterdir()} == {".tar", ".part"}
    received.remove()
    assert list(tmp_path.iterdir()) == []


def test_pulses_are_skipped(tmp_path: Path) -> None:
    data = packed(MEMBERS)
    at = data.index(b"images/")
    read(data[:at] + PULSE * 3 + data[at:], tmp_path)


def _entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry, b""


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        (_entry("/etc/passwd"), "does not belong"),
        (_entry("../up"), "does not belong"),
        (_entry("versions/1.0.0/../../../x"), "does not belong"),
        (_entry("versions/1.0.0/test-inputs/../1"), "does not belong"),
        (_entry("./model.json"), "does not belong"),
        (_entry("MODEL.JSON"), "does not belong"),
        (_entry("versions/١.0.0/version.json"), "does not belong"),
        (_entry("images/latest.tar"), "does not belong"),
        (_entry("pictures/snapshot-11.png"), "does not belong"),
        (_entry("pictures/picture.svg"), "does not belong"),
        (_entry("model.json"), "twice"),
        (_entry("model.json", tarfile.SYMTYPE, "/etc/passwd"), "files alone"),
        (_entry("pictures/picture.jpg", tarfile.LNKTYPE, "/etc/passwd"), "files alone"),
        (_entry("versions", tarfile.DIRTYPE), "files alone"),
        (_entry("pictures/picture.jpg", tarfile.FIFOTYPE), "neither file"),
        (_entry("pictures/picture.jpg", tarfile.CHRTYPE), "neither file"),
    ],
)
def test_strange_members_are_refused(tmp_path: Path, entry: tuple[tarfile.TarInfo, bytes], word: str) -> None:
    expect_refused(packed(MEMBERS, more=[entry]), tmp_path, word)


def test_every_flipped_bit_of_what_counts_is_seen(tmp_path: Path) -> None:
    data = packed(MEMBERS)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        parts = [(entry.offset_data, entry.size) for entry in tar.getmembers()]
        names = [entry.offset for entry in tar.getmembers()]
    for start in [start + size // 2 for start, size in parts] + names:
        for bit in (0, 3, 7):
            flipped = bytearray(data)
            flipped[start] ^= 1 << bit
            expect_refused(bytes(flipped), tmp_path)


def test_a_file_that_ends_early_is_refused_wherever_that_is(tmp_path: Path) -> None:
    data = packed(MEMBERS)
    content = len(data.rstrip(b"\0"))
    for length in range(0, content, 997):
        expect_refused(data[:length], tmp_path)


def test_checksums_come_last_and_name_everything(tmp_path: Path) -> None:
    late = packed(MEMBERS, more=named({"checksums.json": b'{"members": {}}'}))
    expect_refused(late, tmp_path, "twice")
    sums: dict[str, Any] = {"members": {"manifest.json": {"size": 1, "sha256": ""}}}
    short = tar_of(named({**MEMBERS, "checksums.json": json.dumps(sums).encode()}))
    expect_refused(short, tmp_path, "differ")
    expect_refused(tar_of(named({**MEMBERS, "checksums.json": b"[]"})), tmp_path, "cannot be read")
    followed = tar_of([*named({**MEMBERS, "checksums.json": b"{}"}), *named({"pictures/snapshot-1.jpg": b""})])
    expect_refused(followed, tmp_path, "goes on behind")
    expect_refused(tar_of(named(MEMBERS)), tmp_path, "not whole")


def test_sizes_are_limited(tmp_path: Path) -> None:
    small = ReadingLimits(whole=1000, test_input=1000)
    expect_refused(packed(MEMBERS), tmp_path, limits=small)
    large_input = {**MEMBERS, "versions/1.0.0/test-inputs/1": b"x" * 1001}
    expect_refused(packed(large_input), tmp_path, "1000 are allowed")
    expect_refused(
        packed({**MEMBERS, "pictures/picture.png": bytes(5_000_001)}), tmp_path, limits=ReadingLimits(100_000_000, 1000)
    )
    entry = tarfile.TarInfo("model.json")
    entry.size = 2**40  # is told, and never comes
    head = tar_of(named({"manifest.json": MANIFEST}))[:1024]
    expect_refused(head + entry.tobuf(tarfile.GNU_FORMAT), tmp_path, "allowed")


def test_what_is_compressed_is_refused(tmp_path: Path) -> None:
    expect_refused(gzip.compress(packed(MEMBERS)), tmp_path, "not a tar archive")


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[]", b'{"format": 1, "formatVersion": 1}', b"\xff", b"[" * 100_000])
def test_a_manifest_that_says_nothing_is_refused(tmp_path: Path, manifest: bytes) -> None:
    expect_refused(packed({**MEMBERS, "manifest.json": manifest}), tmp_path, "manifest.json")
