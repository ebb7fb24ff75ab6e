"""Finding models in the library against finding them in MLflow's registry of the same size on the same machine."""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.asked_program import AskedProgram
from benchmarks.library_program import CASES
from benchmarks.mlflow_environment import NAME, mlflow_python
from benchmarks.registry_rows import write_registry
from benchmarks.turns import Comparison, Scale, by_turns, percentile

GOAL = "ratio ≥ 1"
_SEARCH = "search, two words"
_FILLED = "list, a page by name"
_FEWEST, _MOST, _SECONDS_PER_CASE = 5, 100, 30


class RegistryIncomplete(Exception):
    """MLflow does not see what was written, so there is nothing to compare."""

    def __init__(self, what: str) -> None:
        super().__init__(f"MLflow does not see the models that were written for it: {what}.")


def compare(scale: Scale, data_dir: Path, identifiers: list[str], size: int) -> Iterator[Comparison]:
    """Each case by turns, each time for another model; each side in a process of its own.

    Ours are the domain's functions, theirs the Python API; both open the file themselves. Raises MlflowMissing.
    """
    python = mlflow_python(install=not scale.quick)
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        registry = Path(directory) / "registry.db"
        names = fill_registry(python, registry, data_dir, identifiers)
        with (
            AskedProgram(Path(sys.executable), "benchmarks.library_program", str(data_dir)) as ours,
            AskedProgram(python, "benchmarks.registry_program", address_of(registry)) as theirs,
        ):
            for case in CASES:
                seconds = _ask_both(case, ours, theirs, names)
                repeats = scale.of(repeats_of(seconds), 2)
                yield from _compare(case, repeats, ours, theirs, names, size)
            memory = [ours.peak_mib()], [theirs.peak_mib()]
    what = "peak memory"
    yield Comparison(f"library of {size:,}: {what}", NAME, *memory, GOAL, unit="MiB", case=what, size=size)


def fill_registry(python: Path, registry: Path, data_dir: Path, identifiers: list[str]) -> dict[str, str]:
    """Lets MLflow make its tables, and writes the library into them; returns its names of models by our identifiers."""
    with AskedProgram(python, "benchmarks.registry_program", address_of(registry)) as maker:
        maker.ask(_FILLED, "")
    write_registry(registry, data_dir / "modelyard.db")
    with closing(sqlite3.connect(registry)) as database:
        found = database.execute("SELECT replace(source, 'file:///models/', ''), name FROM model_versions").fetchall()
    names = dict(found)
    return {identifier: names[identifier] for identifier in identifiers}


def address_of(registry: Path) -> str:
    """How MLflow is told which file."""
    return f"sqlite:///{registry}"


def _ask_both(case: str, ours: AskedProgram, theirs: AskedProgram, names: Mapping[str, str]) -> float:
    """Seconds of a first time on both sides together.

    Both have to find as much, but for words: MLflow looks for them in names only. Raises RegistryIncomplete.
    """
    identifier, name = next(iter(names.items()))
    seconds, found = ours.ask(case, identifier)
    their_seconds, found_there = theirs.ask(case, name)
    if found != found_there and case != _SEARCH:
        raise RegistryIncomplete(f"{case} finds {found} here, and {found_there} there")
    return seconds + their_seconds


def repeats_of(seconds: float) -> int:
    """How often something is measured that takes so long, so that a case ends in about half a minute."""
    return max(_FEWEST, min(_MOST, round(_SECONDS_PER_CASE / seconds)))


def _compare(
    case: str, repeats: int, ours: AskedProgram, theirs: AskedProgram, names: Mapping[str, str], size: int
) -> Iterator[Comparison]:
    our_turns, their_turns = iter([*names] * 10), iter([*names.values()] * 10)
    our_times, their_times = by_turns(
        repeats,
        lambda: ours.ask(case, next(our_turns))[0],
        lambda: theirs.ask(case, next(their_turns))[0],
        warm_up=True,
    )
    yield Comparison(f"library of {size:,}: {case}", NAME, our_times, their_times, GOAL, case=case, size=size)
    worst = [percentile(our_times, 99)], [percentile(their_times, 99)]
    yield Comparison(f"… p99 of {repeats}", "… its p99", *worst, GOAL)
