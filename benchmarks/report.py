"""Shows comparisons as a table, or writes them as JSON."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.amounts import amount
from benchmarks.growth import fill_growth
from benchmarks.turns import Comparison

_WIDE = 400
"""So that nothing wraps where the table is not for a terminal but for a file."""


def print_table(comparisons: Sequence[Comparison]) -> None:
    """Prints a table; as Markdown where the output is not a terminal."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE, color_system=None)
    table = _empty(console)
    for heading in ("what", "modelyard", "alternative", "is", "ratio", "difference", "goal"):
        table.add_column(heading, justify="right" if heading in {"ratio", "difference"} else "left")
    for one in comparisons:
        table.add_row(
            one.what,
            _spread(one.platform, one.unit),
            one.alternative_name,
            _spread(one.alternative, one.unit),
            f"{one.ratio:.2f}",
            f"{amount(one.difference, one.unit, sign=True)}",
            one.goal,
        )
    console.print(table)
    console.print(
        "Each cell: min / median / max. Ratio: the alternative's median divided by ours, so more is better; "
        "difference: what ours takes more."
    )
    grown = _empty(console)
    if fill_growth(grown, comparisons):
        console.print(grown)
        console.print("Each cell: the least of all values. Growth: from the smallest to the largest size.")


def _empty(console: Console) -> Table:
    return Table(box=box.ROUNDED if console.is_terminal else box.MARKDOWN, show_lines=console.is_terminal)


def write_json(path: Path, comparisons: Sequence[Comparison], *, quick: bool) -> None:
    """Writes all measured values and what follows from them."""
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "quick": quick,
        "comparisons": [_as_object(one) for one in comparisons],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9),
        "architecture": platform.machine(),
        "python": platform.python_version(),
    }


def _as_object(one: Comparison) -> dict[str, Any]:
    return {
        "what": one.what,
        "unit": one.unit,
        "goal": one.goal,
        "case": one.case,
        "size": one.size,
        "ratio": one.ratio,
        "difference": one.difference,
        "modelyard": _statistics(one.platform),
        "alternative": {"name": one.alternative_name, **_statistics(one.alternative)},
    }


def _statistics(values: Sequence[float]) -> dict[str, Any]:
    return {"min": min(values), "median": statistics.median(values), "max": max(values), "values": list(values)}


def _spread(values: Sequence[float], unit: str) -> str:
    return " / ".join(amount(value, unit) for value in (min(values), statistics.median(values), max(values)))
