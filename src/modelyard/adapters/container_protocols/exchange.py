"""Hands files to a program in a container and takes its files back; the program is not trusted.

The program can write to the directory that both sides see: it may swap a directory for a symbolic link, leave
pipes, millions of files, or a link to a file of the host. So everything goes through descriptors of
directories that were opened without following links, and what is read is bounded. All functions here block.
"""

import contextlib
import errno
import math
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from modelyard.adapters.container_protocols.base import InputData, ItemOutcome
from modelyard.adapters.container_protocols.outcomes import failed, succeeded, too_large
from modelyard.adapters.container_protocols.output_files import (
    LARGEST_IN_MEMORY,
    LargeOutput,
    OutputData,
    forget_outputs,
    size_of,
)
from modelyard.core.ids import random_word

MAX_OUTPUT_FILES = 1000
FEW_FILES = 4
"""Take less time to read or to remove than the way to a thread and back."""
OUTPUT_FOLDER = "outputs"
"""Beside the exchange directory, on its file system: no container sees it, and it goes with the engine."""
_MAX_NAME_BYTES = 255
_BLOCK = 512
"""Bytes, whatever the file system has: the unit of `st_blocks`."""
_MAX_PASSES = 100_000
SECONDS_BESIDE_A_PROGRAM = 10.0
"""A program that still runs could write as fast as we remove; what stays goes with its engine."""
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_BYTES_OF_A_FULL_DISK = 65_536
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_OPEN_OUTPUT = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK  # a pipe without a writer must not block us


class TakesTime(Exception):
    """There are more files, or larger ones, than can be read or removed in no time: to be done in a thread."""


class BadOutput(Exception):
    """The program left something that is not an output; the text says what."""


def name_problem(name: str) -> str | None:
    """Why a name cannot be the name of a file that is handed over; None when it can."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return f"The input name {name!r} cannot be used as a file name."
    if len(name.encode(errors="surrogatepass")) > _MAX_NAME_BYTES:
        return f"The input name {name[:40]!r}… is longer than {_MAX_NAME_BYTES} bytes."
    return None


def is_full(exchange: Path, problem: OSError | None = None) -> bool:
    """Whether the disk has no room, seen by an error of ours, or by what is left where the program failed."""
    if problem is not None and problem.errno in _NO_ROOM:
        return True
    with contextlib.suppress(OSError):
        disk = os.statvfs(exchange)
        return disk.f_bavail * disk.f_frsize < _BYTES_OF_A_FULL_DISK
    return False


class RunFolder:
    """The directories `in` and `out` of one run, below a directory of its own.

    The program may run as any user: the two are open to all, and the exchange's parent keeps other users out.
    """

    def __init__(self, exchange: Path) -> None:
        self.name = f"run-{secrets.token_hex(8)}"  # in one call to the system, for each item
        self._exchange = exchange

    def write_inputs(self, inputs: Mapping[str, InputData]) -> None:
        """Makes the directories and writes or links the inputs. Raises OSError."""
        with _opened(self._exchange) as exchange:
            os.mkdir(self.name, 0o755, dir_fd=exchange)
            with _opened(self.name, exchange) as run:
                os.fchmod(run, 0o755)
                for directory in ("in", "out"):
                    _make_open_directory(directory, run)
                with _opened("in", run) as target:
                    for name, content in inputs.items():
                        _hand_over(name, content, target)

    def collect_few_outputs(self, max_output_bytes: int) -> ItemOutcome:
        """The same as `collect_outputs` where that takes no time. Raises TakesTime, then nothing is done; OSError."""
        return self._collect(max_output_bytes, FEW_FILES, None)

    def collect_outputs(self, max_output_bytes: int) -> ItemOutcome:
        """Reads what the program wrote, and moves away what is large. Raises OSError; then no file is left."""
        try:
            return self._collect(max_output_bytes, MAX_OUTPUT_FILES, self._exchange.parent / OUTPUT_FOLDER)
        except TakesTime:
            return failed(f"The model wrote more than {MAX_OUTPUT_FILES} output files.")

    def _collect(self, max_output_bytes: int, most_files: int, kept: Path | None) -> ItemOutcome:
        outputs: dict[str, OutputData] = {}
        outcome = None
        try:
            with (
                _opened(self._exchange) as exchange,
                _opened(self.name, exchange) as run,
                _opened("out", run) as out,
            ):
                _take_files(_names_in(out, most_files), out, kept, max_output_bytes, outputs)
            outcome = succeeded(outputs, max_output_bytes)
        except _TooMuch:
            outcome = too_large(max_output_bytes)
        except BadOutput as problem:
            outcome = failed(str(problem))
        finally:
            if outcome is None or outcome.error is not None:
                forget_outputs(outputs.values())
        return outcome

    def remove_few(self) -> bool:
        """Removes the run's directory where that takes no time: a few small files. Says whether it is gone."""
        try:
            with _opened(self._exchange) as exchange:
                with _opened(self.name, exchange) as run:
                    for directory in ("in", "out"):
                        with _opened(directory, run) as opened:
                            for name in _names_in(opened, FEW_FILES):
                                _require_small(name, opened)
                                os.unlink(name, dir_fd=opened)
                        os.rmdir(directory, dir_fd=run)
                os.rmdir(self.name, dir_fd=exchange)
        except (OSError, TakesTime):
            return False
        return True

    def remove(self) -> None:
        """Removes the run's directory as far as possible; may be called again."""
        remove_tree(self._exchange / self.name, seconds=SECONDS_BESIDE_A_PROGRAM)


def remove_tree(folder: Path, *, seconds: float = math.inf) -> None:
    """Removes a directory that a program could write to, however deep it nested things.

    What we may not remove (other users' directories, when we are not root) stays, and so does what is left when
    the time is over.
    """
    deadline = time.monotonic() + seconds
    with contextlib.suppress(OSError), _opened(folder.parent) as parent:
        with _opened(folder.name, parent) as top:
            for _ in range(_MAX_PASSES):  # a program that still runs could keep us busy for ever
                if not _remove_level(top, deadline) or time.monotonic() > deadline:
                    break
        os.rmdir(folder.name, dir_fd=parent)


def _remove_level(top: int, deadline: float) -> bool:
    """Removes files and the uppermost directories, whose own directories move up; says whether it got on."""
    removed = False
    for name in os.listdir(top):
        if time.monotonic() > deadline:
            break
        with contextlib.suppress(OSError):
            _remove_entry(name, top, deadline)
            removed = True
    return removed


def _remove_entry(name: str, top: int, deadline: float) -> None:
    with contextlib.suppress(IsADirectoryError):
        os.unlink(name, dir_fd=top)
        return
    with _opened(name, top) as directory:
        for child in os.listdir(directory):  # noqa: PTH208  a descriptor, not a path
            if time.monotonic() > deadline:
                break
            try:
                os.unlink(child, dir_fd=directory)
            except IsADirectoryError:
                os.rename(child, random_word(16), src_dir_fd=directory, dst_dir_fd=top)
    os.rmdir(name, dir_fd=top)


class _TooMuch(Exception):
    """More bytes than allowed."""


@contextlib.contextmanager
def _opened(path: Path | str, parent: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, _OPEN_DIRECTORY, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _make_open_directory(name: str, parent: int) -> None:
    os.mkdir(name, 0o777, dir_fd=parent)
    with _opened(name, parent) as made:
        os.fchmod(made, 0o777)  # mkdir obeys the umask


def _hand_over(name: str, content: InputData, directory: int) -> None:
    if isinstance(content, Path):
        os.link(content, name, dst_dir_fd=directory)  # takes no time and no room, however large it is
    else:
        _write_file(name, content, directory)


def _write_file(name: str, content: bytes, directory: int) -> None:
    with os.fdopen(os.open(name, _CREATE_FILE, 0o644, dir_fd=directory), "wb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(content)


def _names_in(directory: int, most: int) -> list[str]:
    """What is in a directory. Raises TakesTime."""
    with os.scandir(directory) as entries:
        names = [entry.name for entry in islice(entries, most + 1)]
    if len(names) > most:
        raise TakesTime
    return names


def _require_small(name: str, directory: int) -> None:
    """Raises TakesTime for a file whose removal would free many blocks, which takes time."""
    facts = os.stat(name, dir_fd=directory, follow_symlinks=False)
    if facts.st_nlink == 1 and facts.st_blocks * _BLOCK > 2 * LARGEST_IN_MEMORY:
        raise TakesTime


def _take_files(
    names: list[str], directory: int, kept: Path | None, max_output_bytes: int, outputs: dict[str, OutputData]
) -> None:
    """Adds each file to the outputs; large ones are moved to `kept`. Without that, they raise TakesTime."""
    left = max_output_bytes
    for name in names:
        outputs[name] = _take_file(name, directory, left, kept)
        left -= size_of(outputs[name])


def _take_file(name: str, directory: int, limit: int, kept: Path | None) -> OutputData:
    shown = name.encode(errors="replace").decode()
    if shown != name:
        raise BadOutput(f"The name of the output {shown!r} is not UTF-8.")
    try:
        descriptor = os.open(name, _OPEN_OUTPUT, dir_fd=directory)
    except OSError as problem:
        raise BadOutput(f"The output {shown!r} is not a readable file.") from problem
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise BadOutput(f"The output {shown!r} is not a regular file.")
        if facts.st_size > limit:
            raise _TooMuch
        if facts.st_size > LARGEST_IN_MEMORY:
            if kept is None:
                raise TakesTime
            return _move_away(name, directory, facts, kept)
        return _read_small(name, descriptor, limit)
    finally:
        os.close(descriptor)


def _read_small(name: str, descriptor: int, limit: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        content = file.read(LARGEST_IN_MEMORY + 1)  # it may grow while it is read
    if len(content) > limit:
        raise _TooMuch
    if len(content) > LARGEST_IN_MEMORY:
        raise BadOutput(f"The output {name!r} changed while it was read.")
    return content


def _move_away(name: str, directory: int, facts: os.stat_result, kept: Path) -> LargeOutput:
    """Takes a file from the program; another that it put in its place meanwhile is removed."""
    kept.mkdir(mode=0o700, exist_ok=True)
    place = random_word(24)
    with _opened(kept) as folder:
        os.rename(name, place, src_dir_fd=directory, dst_dir_fd=folder)
        moved = os.stat(place, dir_fd=folder, follow_symlinks=False)
        if (moved.st_dev, moved.st_ino) != (facts.st_dev, facts.st_ino):
            _remove_entry(place, folder, time.monotonic() + SECONDS_BESIDE_A_PROGRAM)
            raise BadOutput(f"The output {name!r} changed while it was read.")
    return LargeOutput(kept / place, facts.st_size)
