"""A program in a process of its own that is asked by lines of JSON, times itself, and tells its peak memory.

Only the standard library is needed, so that programs of other environments can answer, too.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
_MEMORY = "peak memory"
Cases = Mapping[str, Callable[[str], int]]
"""What can be asked for: takes an identifier, and returns how much was found."""


class ProgramFailed(Exception):
    """The program ended, or said something else than an answer."""

    def __init__(self, command: Sequence[str], answer: str) -> None:
        super().__init__(f"{' '.join(command)} did not answer (its last words: {answer!r}); see its messages above.")


class AskedProgram(AbstractContextManager["AskedProgram"]):
    """The asking side. Leaving the context ends the process.

    Args:
        python: the environment that the program needs.
        module: the program's module in this repository, which calls `answer`.
    """

    def __init__(self, python: Path, module: str, *arguments: str) -> None:
        self._command = [str(python), "-m", module, *arguments]
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018 - asked for above
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ask(self, case: str, name: str) -> tuple[float, int]:
        """Seconds, and how much was found. Raises ProgramFailed."""
        answer = self._ask({"case": case, "name": name})
        return float(answer["seconds"]), int(answer["found"])

    def peak_mib(self) -> float:
        """The most memory that the process has held so far. Raises ProgramFailed."""
        return float(self._ask({"case": _MEMORY, "name": ""})["mib"])

    def _ask(self, question: dict[str, str]) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018 - asked for above
        self._process.stdin.write(json.dumps(question) + "\n")
        line = self._process.stdout.readline()
        try:
            answer: dict[str, Any] = json.loads(line)
        except ValueError:
            raise ProgramFailed(self._command, line) from None
        return answer


def answer(cases: Cases) -> None:
    """The answering side: until nobody asks any more."""
    for line in sys.stdin:
        question = json.loads(line)
        print(json.dumps(_answer(cases, question["case"], question["name"])), flush=True)


def _answer(cases: Cases, case: str, name: str) -> dict[str, float]:
    if case == _MEMORY:
        return {"mib": own_peak_mib()}
    began = time.perf_counter()
    found = cases[case](name)
    return {"seconds": time.perf_counter() - began, "found": found}


def own_peak_mib() -> float:
    """The most memory that this process has held; unlike `getrusage`, without that of its parent before it began."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
