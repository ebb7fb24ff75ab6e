"""Damage behind a good header: what of it is found, and that good pictures of all kinds are let through."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from modelyard.adapters.imaging.base import Cutting, PictureRejected, Size
from modelyard.adapters.imaging.cutting import cut_picture
from tests.pictures import saved

ICON = Cutting({"icon": Size(64, 64)}, (32, 32))
WIDTH, HEIGHT = 320, 200
ROW = 1 + 3 * WIDTH
_CHANCE = random.Random(1)  # noqa: S311 - the same picture each time
NOISE = Image.frombytes("RGB", (WIDTH, HEIGHT), _CHANCE.randbytes(WIDTH * HEIGHT * 3))


def _chunk(name: bytes, body: bytes, checksum: int | None = None) -> bytes:
    right = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", right if checksum is None else checksum)


def _png(*chunks: bytes, interlaced: bool = False) -> bytes:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + b"".join([_chunk(b"IHDR", header), *chunks])


RAW = b"".join(b"\0" + NOISE.tobytes()[at : at + ROW - 1] for at in range(0, WIDTH * HEIGHT * 3, ROW - 1))
PIXELS, END = zlib.compress(RAW), _chunk(b"IEND", b"")
CHANGED = PIXELS[:5000] + bytes(byte ^ 0x55 for byte in PIXELS[5000:5100]) + PIXELS[5100:]


def _of(pixels: bytes, checksum: int | None = None) -> bytes:
    return _png(_chunk(b"IDAT", pixels, checksum), END)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_of(PIXELS, checksum=0), id="wrong checksum of the pixels"),
        pytest.param(
            _png(_chunk(b"IDAT", PIXELS[:9000]), _chunk(b"IDAT", PIXELS[9000:], 7), END), id="wrong checksum later"
        ),
        pytest.param(_png(_chunk(b"IDAT", PIXELS), _chunk(b"IEND", b"", 0)), id="wrong checksum of the end"),
        pytest.param(_of(PIXELS[: len(PIXELS) // 2]), id="stream cut in half"),
        pytest.param(_of(PIXELS[:-3]), id="stream cut at its end"),
        pytest.param(_of(PIXELS[:-4] + bytes(4)), id="wrong checksum within the stream"),
        pytest.param(_of(CHANGED), id="bytes changed within the stream"),
        pytest.param(_of(bytes(len(PIXELS))), id="zeros for a stream"),
        pytest.param(_of(zlib.compress(RAW[: len(RAW) // 2])), id="half of the rows"),
        pytest.param(_of(zlib.compress(RAW + bytes(10**7))), id="far too many rows"),
        pytest.param(_of(zlib.compress(RAW[: ROW * 9] + b"\x05" + RAW[ROW * 9 + 1 :])), id="an unknown filter"),
        pytest.param(_png(_chunk(b"IDAT", zlib.compress(RAW[:-1])), END, interlaced=True), id="interlaced, too short"),
        pytest.param(_png(END), id="no pixels"),
        pytest.param(_png(_chunk(b"IDAT", PIXELS)), id="no end"),
    ],
)
def test_a_damaged_png_is_refused(data: bytes) -> None:
    with pytest.raises(PictureRejected, match="not a whole PNG"):
        cut_picture(data, ICON)


JPEG = saved(NOISE, "JPEG", quality=80)
PROGRESSIVE = saved(NOISE, "JPEG", quality=80, progressive=True)
WITH_RESTARTS = saved(NOISE, "JPEG", quality=80, restart_marker_rows=1)
BOTH = pytest.mark.parametrize("data", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])


def _scan(data: bytes) -> int:
    """Where the bytes of the first scan begin."""
    start = data.index(b"\xff\xda")
    return start + 2 + int.from_bytes(data[start + 2 : start + 4])


def _middle(data: bytes) -> int:
    """Somewhere in the last scan, behind no byte of 255."""
    place = (data.rindex(b"\xff\xda") + len(data)) // 2
    while data[place - 1] == 0xFF or data[place] == 0xFF:
        place += 1
    return place


@BOTH
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[:-2], id="no end"),
        pytest.param(lambda data: data[: _middle(data)], id="cut in half"),
        pytest.param(lambda data: data[: _scan(data)] + b"\xff\xd9", id="an empty scan"),
        pytest.param(lambda data: data[: data.index(b"\xff\xda")] + b"\xff\xd9", id="no scan"),
        pytest.param(lambda data: data[: _middle(data)] + b"\xff\xd3" + data[_middle(data) + 2 :], id="a restart"),
        pytest.param(lambda data: data[: _middle(data)] + b"\xff\xc0" + data[_middle(data) + 2 :], id="a frame"),
        pytest.param(lambda data: data.replace(b"\xff\xdb", b"\xff\xe5"), id="no tables"),
    ],
)
def test_a_damaged_jpeg_is_refused(data: bytes, damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(PictureRejected, match="not a whole JPEG"):
        cut_picture(damage(data), ICON)


def test_restart_marks_have_to_be_in_turn() -> None:
    cut_picture(WITH_RESTARTS, ICON)
    first, second = WITH_RESTARTS.index(b"\xff\xd0"), WITH_RESTARTS.index(b"\xff\xd1")

    with pytest.raises(PictureRejected, match="not a whole JPEG"):
        cut_picture(WITH_RESTARTS[:first] + WITH_RESTARTS[second:], ICON)


@BOTH
def test_bytes_of_a_scan_that_mean_something_else_are_a_picture(data: bytes) -> None:
    """A JPEG has no checksums: whether its pixels are meant so is nothing that a decoder could know."""
    place = _middle(data)
    changed = bytes(byte ^ 0x15 for byte in data[place : place + 50]).replace(b"\xff", b"\xfe")

    assert cut_picture(data[:place] + changed + data[place + 50 :], ICON).extension == "jpg"


def _good() -> Iterator[bytes]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        for size in ((33, 47), (64, 64), (321, 35)):
            yield saved(NOISE.resize(size).convert("L" if mode == "I;16" else mode).convert(mode), "PNG", optimize=True)
    for mode in ("L", "RGB", "CMYK"):
        for options in ({"progressive": True}, {"subsampling": 2}, {"subsampling": 1}, {"restart_marker_blocks": 3}):
            yield saved(NOISE.resize((321, 35)).convert(mode), "JPEG", **options)
    yield saved(Image.new("L", (2000, 2000)), "JPEG", quality=1, optimize=True, progressive=True)
    yield saved(Image.new("RGB", (2000, 2000)), "JPEG", quality=1, optimize=True)
    yield _of(zlib.compress(RAW + RAW[:5000]))  # some writers leave rows behind the last one
    yield JPEG + b"what others put behind a picture" * 50


@pytest.mark.parametrize("data", list(_good()))
def test_good_pictures_are_let_through(data: bytes) -> None:
    cut_picture(data, ICON)


def test_the_passes_of_an_interlaced_png() -> None:
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = b"".join(
        b"\0" + b"".join(bytes(map(int, NOISE.getpixel((x, y)))) for x in range(left, WIDTH, across))  # type: ignore[arg-type]
        for left, top, across, down in passes
        for y in range(top, HEIGHT, down)
    )
    cut_picture(_png(_chunk(b"IDAT", zlib.compress(rows)), END, interlaced=True), ICON)
