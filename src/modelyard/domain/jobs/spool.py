"""Large inputs as files beside an engine's exchange directory, so that they never are in memory.

The directory is on the file system of the exchange directory, into which files are linked, and no container sees it.
It goes with the engine; what a former process left in it is removed when its engine is taken over.
"""

import asyncio
import contextlib
import errno
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path

from modelyard.adapters.container_protocols.base import InputData
from modelyard.adapters.storage.base import StorageUnavailable
from modelyard.core.ids import random_word

FOLDER = "spool"
LARGEST_IN_MEMORY = 4_194_304
"""Bytes of one input."""
_BYTES_AT_ONCE = 1_048_576
_READABLE = 0o644
"""The program may run as any user; the directory keeps others out."""


class Spool:
    """The files of one engine."""

    def __init__(self, exchange: Path) -> None:
        self._folder = exchange.parent / FOLDER

    async def write(self, pieces: AsyncIterator[bytes]) -> Path:
        """Writes bytes to a new file; when that fails, no file is left. Raises StorageUnavailable."""
        path = self._folder / random_word(24)
        try:
            await asyncio.to_thread(self._folder.mkdir, mode=0o700, exist_ok=True)
            await _write(path, pieces)
        except OSError as error:
            _unlink(path)
            reason = "disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "directory cannot be written to"
            raise StorageUnavailable(f"A large input could not be handed over: the server's {reason}.") from error
        except BaseException:
            _unlink(path)
            raise
        return path

    async def empty(self) -> None:
        """Removes everything, which nobody may be using."""
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


async def _write(path: Path, pieces: AsyncIterator[bytes]) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), _READABLE)
        pending: list[bytes] = []
        size = 0
        async for piece in pieces:
            pending.append(piece)
            size += len(piece)
            if size >= _BYTES_AT_ONCE:
                await asyncio.to_thread(file.writelines, pending)
                pending, size = [], 0
        await asyncio.to_thread(file.writelines, pending)


def forget_files(items: Iterable[Mapping[str, InputData]]) -> None:
    """Removes the files among the inputs of items that have been run."""
    for inputs in items:
        for value in inputs.values():
            if isinstance(value, Path):
                _unlink(value)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):  # also where the engine is gone, with all its files
        path.unlink()
