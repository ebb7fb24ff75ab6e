"""Runs the server with a clock that a test sets: a file says by how many seconds it is wrong.

`libfaketime` would not do: with it, Python cannot sleep any more as soon as the monotonic clock is to stay right.
"""

import os
import runpy
import time
from pathlib import Path

VARIABLE = "TEST_CLOCK_FILE"


def _set_wrong(file: Path) -> None:
    right = time.time

    def wrong() -> float:
        return right() + float(file.read_text() or 0)

    time.time = wrong


if __name__ == "__main__":
    _set_wrong(Path(os.environ[VARIABLE]))
    runpy.run_module("modelyard", run_name="__main__", alter_sys=True)
