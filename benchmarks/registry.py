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


class RegistryIncomplete(Exception):
    """MLflow does not see what was written, so there is nothing to compare."""

    def __init__(self, what: str) -> None:
        super().__init__(f"MLflow does not see the models that were written for it: {what}.")


def compare(scale: Scale, data_dir: Path, identifiers: list[str], size: int) -> Iterator[Comparison]:
    """Each case by turns, each time for another model; each side in a process of its own.

    Ours are the domain's functions, theirs the Python API; both open the file themselves. Raises MlflowMissing.
    """
    python = mlflow_python()
    with tempfile.TemporaryDirectory(prefix="my-bench-") as directory:
        registry = Path(directory) / "registry.db"
        names = fill_registry(python, registry, data_dir, identifiers)
        with (
            AskedProgram(Path(sys.executable), "benchmarks.library_program", str(data_dir)) as ours,
            AskedProgram(python, "benchmarks.registry_program", address_of(registry)) as theirs,
        ):
            _require_same(ours, theirs, names)
            for case in CASES:
                repeats = scale.of(100 if size <= 10_000 else 20, 2)
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


def _require_same(ours: AskedProgram, theirs: AskedProgram, names: Mapping[str, str]) -> None:
    """Both find as much, but for words: MLflow looks for them in names only."""
    identifier, name = next(iter(names.items()))
    for case in CASES:
        found = ours.ask(case, identifier)[1], theirs.ask(case, name)[1]
        if found[0] != found[1] and case != _SEARCH:
            raise RegistryIncomplete(f"{case} finds {found[0]} here, and {found[1]} there")


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
