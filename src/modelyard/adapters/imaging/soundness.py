"""Finds damage in a PNG or JPEG that decoders pass over: they fill up what is missing with grey, and say nothing.

A PNG is checked in full: the checksums of its chunks and of its pixels, and that these are all there. A JPEG has no
checksums. Refused is what no good one has: no end, restart marks out of turn or unannounced, fewer bytes than its
blocks need. A scan whose bytes were changed into others that mean something decodes to a picture, and is one.
"""

import struct
import zlib
from collections.abc import Iterator

_AT_ONCE = 262_144
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel, by the colour type of a PNG."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Where the passes of an interlaced PNG begin, and their steps: x, y."""
_LAST_FILTER = 4
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_HUFFMAN = {0xC0, 0xC1, 0xC2}
"""Frames in which each block takes a bit at least."""
_SCAN, _END, _INTERVAL = 0xDA, 0xD9, 0xDD
_RESTARTS = range(0xD0, 0xD8)


class DamagedPicture(ValueError):
    """Parts of the file are missing or changed."""


def require_sound(data: bytes, kind: str) -> None:
    """Raises DamagedPicture, or what reading beyond an end raises: IndexError, struct.error; zlib.error."""
    if kind == "PNG":
        _require_sound_png(data)
    else:
        _require_sound_jpeg(data)


def _require_sound_png(data: bytes) -> None:
    rows = _rows_of(data)
    left = sum(number * size for number, size in rows)
    inflate, filters, spare = zlib.decompressobj(), _Filters(rows), _AT_ONCE
    for body in _pixels_within(data):
        rest = body
        while rest and left and not inflate.eof:
            pixels = inflate.decompress(rest, min(_AT_ONCE, left))
            filters.check(pixels)
            left, rest = left - len(pixels), inflate.unconsumed_tail
        if rest and not left and not inflate.eof:  # the checksum, and now and then some more than there should be
            spare -= len(inflate.decompress(rest, spare))
            if not spare:
                raise DamagedPicture("there are more pixels than it says")
    if left:
        raise DamagedPicture("pixels are missing")
    if not inflate.eof:
        raise DamagedPicture("the pixels do not end")


def _pixels_within(data: bytes) -> Iterator[bytes]:
    """The bodies that hold pixels, of chunks whose checksums are all right, up to the end of the picture."""
    place = 8
    while True:
        [size] = struct.unpack_from(">I", data, place)
        name, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        [checksum] = struct.unpack_from(">I", data, place + 8 + size)
        if zlib.crc32(body, zlib.crc32(name)) != checksum:
            raise DamagedPicture("a checksum is wrong")
        if name == b"IDAT":
            yield body
        if name == b"IEND":
            return
        place += 12 + size


def _rows_of(data: bytes) -> list[tuple[int, int]]:
    """How many rows of how many bytes there are, for each pass; a row begins with the number of its filter."""
    width, height, depth, colour, _, _, interlace = struct.unpack_from(">IIBBBBB", data, 16)
    bits = depth * _CHANNELS[colour]
    passes = _PASSES if interlace else ((0, 0, 1, 1),)
    sizes = ((-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes)
    return [(high, 1 + (wide * bits + 7) // 8) for wide, high in sizes if wide > 0 and high > 0]


class _Filters:
    """Looks at the first byte of each row, as the rows come in."""

    def __init__(self, rows: list[tuple[int, int]]) -> None:
        self._starts = (size for number, size in rows for _ in range(number))
        self._until_next = 0

    def check(self, pixels: bytes) -> None:
        """Raises DamagedPicture for a filter that there is not."""
        place = self._until_next
        while place < len(pixels):
            if pixels[place] > _LAST_FILTER:
                raise DamagedPicture("a row says what cannot be")
            place += next(self._starts)
        self._until_next = place - len(pixels)


def _require_sound_jpeg(data: bytes) -> None:
    place, interval, blocks, in_scans = 2, 0, 0, 0
    while True:
        marker, place = _next_marker(data, place)
        if marker == _END:
            break
        [size] = struct.unpack_from(">H", data, place)
        if marker == _INTERVAL:
            [interval] = struct.unpack_from(">H", data, place + 2)
        elif marker in _FRAMES:
            blocks = _blocks_of(data, place) if marker in _HUFFMAN else 0
        place += size
        if marker == _SCAN:
            end = _end_of_scan(data, place, has_restarts=interval > 0)
            in_scans, place = in_scans + end - place, end
    if not in_scans or in_scans * 8 < blocks:
        raise DamagedPicture("pixels are missing")


def _next_marker(data: bytes, place: int) -> tuple[int, int]:
    """A marker, and what stands behind it; it may be filled up in front."""
    if data[place] != 0xFF:
        raise DamagedPicture("a part does not end where it says")
    while data[place] == 0xFF:
        place += 1
    return data[place], place + 1


def _blocks_of(data: bytes, place: int) -> int:
    """Blocks of eight by eight pixels of the first component; the others are smaller, or as large."""
    height: int
    width: int
    height, width, components = struct.unpack_from(">HHB", data, place + 3)
    factors = [data[place + 9 + 3 * number] for number in range(components)]
    across, down = max(one >> 4 for one in factors), max(one & 15 for one in factors)
    wide, high = width * (factors[0] >> 4) // across, height * (factors[0] & 15) // down
    return -(-wide // 8) * -(-high // 8)


def _end_of_scan(data: bytes, place: int, *, has_restarts: bool) -> int:
    """Where a scan ends: at the first marker that is no restart mark. These count up to seven, and begin anew."""
    expected = 0
    while True:
        place = data.index(b"\xff", place)
        following = data[place + 1]
        if following == 0xFF:
            place += 1
        elif following == 0:
            place += 2
        elif following not in _RESTARTS:
            return place
        elif not has_restarts or following != _RESTARTS[expected]:
            raise DamagedPicture("a restart mark is out of turn")
        else:
            expected, place = (expected + 1) % len(_RESTARTS), place + 2
