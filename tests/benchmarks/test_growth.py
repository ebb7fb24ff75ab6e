"""What is shown of costs at several sizes."""

from rich.console import Console
from rich.table import Table

from benchmarks.growth import fill_growth
from benchmarks.turns import Comparison


def compared(size: int, ours: float, theirs: float, case: str = "list") -> Comparison:
    return Comparison(f"{case} of {size}", "other", [ours], [theirs], case=case, size=size)


def shown(table: Table) -> list[str]:
    console = Console(width=300)
    with console.capture() as captured:
        console.print(table)
    return [" ".join(line.split()) for line in captured.get().splitlines()]


def test_each_case_is_a_row_with_all_sizes() -> None:
    table = Table(box=None)

    assert fill_growth(table, [compared(10, 0.002, 0.004), compared(1000, 0.003, 0.4), compared(10, 1, 1, "details")])

    head, first, second = shown(table)
    assert head.startswith("what modelyard 10 modelyard 1,000 alternative 10 alternative 1,000 ratio 10")
    assert first == "list 2.0 ms 3.0 ms 4.0 ms 400 ms 2.00 133.33 x 1.5 x 100.0"
    assert second == "details 1.00 s 1.00 s 1.00 x 1.0 x 1.0"


def test_one_size_does_not_grow() -> None:
    plain = Comparison("start", "other", [1.0], [1.0])

    assert not fill_growth(Table(), [plain, compared(10, 1, 1)])
    assert not fill_growth(Table(), [])
