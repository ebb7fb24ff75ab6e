"""Measures the platform against plain tools: `python -m benchmarks [NAME …] [--quick] [--output FILE]`."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from benchmarks import (
    access,
    audit,
    cold_start,
    facets,
    history,
    image_intake,
    jobs,
    large_inputs,
    library,
    pictures,
    start_up,
)
from benchmarks.report import print_table, write_json
from benchmarks.turns import Benchmark, Comparison, Scale

BENCHMARKS: dict[str, Benchmark] = {
    "start-up": start_up.measure,
    "image-intake": image_intake.measure,
    "cold-start": cold_start.measure,
    "jobs": jobs.measure,
    "access": access.measure,
    "audit": audit.measure,
    "facets": facets.measure,
    "history": history.measure,
    "library": library.measure,
    "pictures": pictures.measure,
    "large-inputs": large_inputs.measure,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="A smoke run: its numbers mean little.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write all values as JSON.")
def main(names: tuple[str, ...], quick: bool, output: Path | None) -> None:
    """Measure by turns what the platform and a plain tool take for the same thing, and print the ratios."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # an end from outside tidies up, too
    done: list[Comparison] = []
    with tempfile.TemporaryDirectory(prefix="my-bench-") as bytecode:
        # Both sides start from compiled modules, as installed packages do, whatever this environment says.
        os.environ.update(PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=bytecode)
        try:
            for comparison in _measure(names or tuple(BENCHMARKS), Scale(quick)):
                done.append(comparison)  # noqa: PERF402 - what is measured is shown even if the rest fails
        finally:
            _report(done, output, quick=quick)


def _report(comparisons: Sequence[Comparison], output: Path | None, *, quick: bool) -> None:
    if comparisons:
        print_table(comparisons)
    if output:
        write_json(output, comparisons, quick=quick)


def _measure(names: tuple[str, ...], scale: Scale) -> Iterator[Comparison]:
    for name in names:
        click.echo(f"{name} …", err=True)
        for comparison in BENCHMARKS[name](scale):
            click.echo(f"  {comparison.what}: {comparison.ratio:.2f} of {comparison.alternative_name}", err=True)
            yield comparison


if __name__ == "__main__":
    main()
