"""Draws pictures in a thread, one at a time, and keeps those that were asked for last."""

import asyncio
from collections import OrderedDict

from modelyard.adapters.imaging.base import Artwork

MOST_KEPT = 16_000_000
"""Bytes of encoded pictures."""


class Artist:
    """A PictureArtist with a memory."""

    def __init__(self, *, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._kept: OrderedDict[tuple[Artwork, int, int, str], bytes] = OrderedDict()
        self._size = 0
        self._turn = asyncio.Lock()

    async def draw(self, artwork: Artwork, width: int, height: int, extension: str) -> bytes:
        wanted = (artwork, width, height, extension)
        if (known := self._known(wanted)) is not None:
            return known
        async with self._turn:
            if (known := self._known(wanted)) is not None:  # drawn while we waited
                return known
            from modelyard.adapters.imaging import drawing  # noqa: PLC0415 - Pillow takes long to import

            picture = await asyncio.to_thread(drawing.draw_artwork, *wanted)
            self._keep(wanted, picture)
            return picture

    def _known(self, wanted: tuple[Artwork, int, int, str]) -> bytes | None:
        if wanted in self._kept:
            self._kept.move_to_end(wanted)
        return self._kept.get(wanted)

    def _keep(self, wanted: tuple[Artwork, int, int, str], picture: bytes) -> None:
        self._kept[wanted] = picture
        self._size += len(picture)
        while self._size > self._most_kept:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
