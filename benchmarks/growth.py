"""Shows how costs grow with size: one row for each case, one column for each size and side."""

from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table

from benchmarks.amounts import amount
from benchmarks.turns import Comparison

Row = Mapping[int, Comparison]
"""The comparisons of one case by their size."""


def fill_growth(table: Table, comparisons: Sequence[Comparison]) -> bool:
    """Fills a table with what was compared at several sizes; False when nothing was.

    It shows the least of the values, because a busy machine disturbs that one least. Growth is that at the largest
    size divided by that at the smallest.
    """
    rows = _by_case(comparisons)
    sizes = sorted({size for row in rows.values() for size in row})
    if len(sizes) < 2:
        return False
    table.add_column("what")
    for side in ("modelyard", "alternative", "ratio"):
        for size in sizes:
            table.add_column(f"{side} {size:,}", justify="right")
    table.add_column("growth", justify="right")
    table.add_column("of the alternative", justify="right")
    for case, row in rows.items():
        table.add_row(case, *_cells(row, sizes))
    return True


def _by_case(comparisons: Sequence[Comparison]) -> dict[str, dict[int, Comparison]]:
    found: dict[str, dict[int, Comparison]] = {}
    for one in comparisons:
        if one.size:
            found.setdefault(one.case, {})[one.size] = one
    return found


def _cells(row: Row, sizes: Sequence[int]) -> Iterator[str]:
    ours = {size: min(one.platform) for size, one in row.items()}
    theirs = {size: min(one.alternative) for size, one in row.items()}
    for side in (ours, theirs):
        yield from (amount(side[size], row[size].unit) if size in row else "" for size in sizes)
    yield from (f"{theirs[size] / ours[size]:.2f}" if size in row else "" for size in sizes)
    for side in (ours, theirs):
        yield f"x {side[max(side)] / side[min(side)]:.1f}"
