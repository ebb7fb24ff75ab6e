"""What processes of this machine hold in memory."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

_SECONDS_BETWEEN_LOOKS = 0.004


def with_descendants(pid: int) -> set[int]:
    """The process and what it started, as far as that is still there."""
    parents = {int(path.parent.name): _parent_of(path) for path in Path("/proc").glob("[0-9]*/stat")}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def resident_mib(pid: int) -> float:
    """What it holds now; 0 when it has ended."""
    return _mib(pid, "VmRSS:")


def peak_mib(pid: int) -> float:
    """The most that it has held; 0 when it has ended."""
    return _mib(pid, "VmHWM:")


def forget_peak(pid: int) -> None:
    """Lets the peak begin anew at what the process holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def highest_while(act: Callable[[], object], look: Callable[[], float]) -> float:
    """The highest value that is seen while something is done."""
    seen, ended = [look()], threading.Event()

    def watch() -> None:
        while not ended.is_set():
            seen.append(look())
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        act()
    finally:
        ended.set()
        watcher.join()
    return max(seen)


def _parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _mib(pid: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
