"""What processes hold in memory."""

import os
import subprocess
import sys

from benchmarks.processes import forget_peak, highest_while, peak_mib, resident_mib, with_descendants


def test_a_process_and_what_it_started() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in with_descendants(os.getpid())
        assert 0 < resident_mib(child.pid) <= peak_mib(child.pid) + 1
        child.communicate(b"\n")

    assert (resident_mib(child.pid), peak_mib(child.pid)) == (0, 0)


def test_a_peak_can_begin_anew() -> None:
    held = bytearray(100_000_000)
    before = peak_mib(os.getpid())
    del held

    forget_peak(os.getpid())

    assert peak_mib(os.getpid()) < before


def test_the_highest_value_is_seen() -> None:
    values = iter([1.0, 7.0, *[2.0] * 100_000])
    seen: list[float] = []

    def look() -> float:
        seen.append(next(values))
        return seen[-1]

    def act() -> None:
        while len(seen) < 3:
            pass

    assert highest_while(act, look) == 7.0
