"""Large outputs as files, from where their program left them to where they are stored, never whole in memory.

They are moved out of the program's reach by name, but it may still have them open: so what is read of one ends at the
size that it had when the program said that it was done, and a file is never made part of the storage as it is.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from modelyard.core.errors import UpstreamFailed

LARGEST_IN_MEMORY = 65_536
"""Bytes of one output."""
_BYTES_AT_ONCE = 1_048_576


class OutputChanged(UpstreamFailed):
    """A program went on with an output after it had said that it was done."""

    def __init__(self) -> None:
        super().__init__("The model changed an output after it had reported success; it must be done with it by then.")


class OutputGone(UpstreamFailed):
    """The file went away with its engine before it was read; running the item again makes another."""

    def __init__(self) -> None:
        super().__init__("The engine ended before its output was stored.")


@dataclass(frozen=True, slots=True)
class LargeOutput:
    """An output in a file of its own, which whoever got it removes. Size in bytes."""

    path: Path
    size: int

    async def pieces(self) -> AsyncIterator[bytes]:
        """All bytes, in pieces. Raises OutputChanged, OutputGone."""
        with _translated(), self.path.open("rb", buffering=0) as file:
            left = self.size
            while left:
                piece = await asyncio.to_thread(file.read, min(left, _BYTES_AT_ONCE))
                if not piece:
                    raise OutputChanged
                left -= len(piece)
                yield piece

    def read(self, most: int | None = None) -> bytes:
        """The first bytes, or all, in memory; blocks. Raises OutputChanged, OutputGone."""
        wanted = self.size if most is None else min(most, self.size)
        with _translated(), self.path.open("rb") as file:
            data = file.read(wanted)
        if len(data) < wanted:
            raise OutputChanged
        return data

    def replaced_by(self, data: bytes) -> "LargeOutput":
        """The file with other content; blocks. Raises OSError."""
        other = self.path.with_name(f"{self.path.name}-new")
        try:
            other.write_bytes(data)
        except BaseException:
            _unlink(other)
            raise
        _unlink(self.path)
        return LargeOutput(other, len(data))


OutputData = bytes | LargeOutput
"""One output: its bytes, or a file that has them where there are many."""


def size_of(data: OutputData) -> int:
    """How many bytes an output has."""
    return data.size if isinstance(data, LargeOutput) else len(data)


def read_whole(data: OutputData) -> bytes:
    """All bytes of an output that is known to be small enough; blocks. Raises OutputChanged, OutputGone."""
    return data.read() if isinstance(data, LargeOutput) else data


def forget_outputs(outputs: Iterable[OutputData]) -> None:
    """Removes the files among outputs."""
    for data in outputs:
        if isinstance(data, LargeOutput):
            _unlink(data.path)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):  # also where the engine is gone, with all its files
        path.unlink()


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise OutputGone from error
    except PermissionError as error:
        raise OutputChanged from error
