"""Amounts as people write them."""

import pytest

from modelyard.entrypoints.cli.amounts import to_bytes, to_cpus, to_milliseconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("64K", 64_000), ("1.5M", 1_500_000), ("2G", 2 * 10**9), ("512Mi", 2**29), ("1 GB", 10**9), (1000, 1000)],
)
def test_sizes(text: object, size: int) -> None:
    assert to_bytes(text) == size


@pytest.mark.parametrize(("text", "time"), [("20s", 20_000), ("500ms", 500), ("2m", 120_000), ("0.5 s", 500)])
def test_times(text: object, time: int) -> None:
    assert to_milliseconds(text) == time


@pytest.mark.parametrize(("text", "cpus"), [("500m", 0.5), (2, 2), ("0.25", 0.25), ("1000m", 1)])
def test_processors(text: object, cpus: float) -> None:
    assert to_cpus(text) == cpus


@pytest.mark.parametrize("text", ["", "x", "-1", "1e9", "1X", "1" * 30, "٣M", None, [1], {}, "1 2"])
def test_what_is_no_amount(text: object) -> None:
    for read in (to_bytes, to_milliseconds, to_cpus):
        with pytest.raises(ValueError, match="is not"):
            read(text)


def test_a_time_needs_its_unit() -> None:
    with pytest.raises(ValueError, match="needs a unit"):
        to_milliseconds(20)
