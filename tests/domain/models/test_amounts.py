"""Amounts of processor and memory: read as people write them, shown as clients read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelyard.domain.models.amounts import (
    LEAST_BYTES,
    LEAST_MILLIS,
    MOST_BYTES,
    MOST_MILLIS,
    AmountRejected,
    cpu_text,
    memory_text,
    read_cpu,
    read_memory,
)


@pytest.mark.parametrize(
    ("text", "millis"),
    [("0.5", 500), ("500m", 500), ("2", 2000), (" 1.25 ", 1250), ("10m", 10), ("0.01", 10), ("1024", 1_024_000)],
)
def test_processor(text: str, millis: int) -> None:
    assert read_cpu(text) == millis


@pytest.mark.parametrize(
    "text",
    ["", "0", "9m", "0.0005", "0.5m", "1.5.5", "-1", "1e3", "many", "1 core", "٣", "1_000", "1025", "9" * 5000, "nan"],
)
def test_no_processor(text: str) -> None:
    with pytest.raises(AmountRejected, match="cpuAmount"):
        read_cpu(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("128974848", 128_974_848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("123Mi", 128_974_848),
        ("2G", 2_000_000_000),
        ("1.5Gi", 1_610_612_736),
        ("20000K", 20_000_000),
        ("20000Ki", 20_480_000),
        ("1.29e8", 129_000_000),
        ("1e+9", 1_000_000_000),
    ],
)
def test_memory(text: str, size: int) -> None:
    assert read_memory(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "0", "7M", "512m", "1T", "1GB", "1 G", "-1G", "1e99", "1e6M", "inf", "٣G", "1_0G", "9" * 5000, "G", "1e"],
)
def test_no_memory(text: str) -> None:
    with pytest.raises(AmountRejected, match="memoryAmount"):
        read_memory(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (2**29, "0.54G"),
        (10**9, "1G"),
        (16 * 10**9, "16G"),
        (100 * 10**9, "100G"),
        (1_500_000_000, "1.5G"),
        (128_974_848, "0.13G"),
        (LEAST_BYTES, "0.008G"),
        (MOST_BYTES, "100000G"),
    ],
)
def test_memory_is_shown_in_gigabytes(size: int, text: str) -> None:
    assert memory_text(size) == text


@given(st.integers(LEAST_BYTES, MOST_BYTES), st.integers(LEAST_MILLIS, MOST_MILLIS))
def test_clients_read_what_is_there(size: int, millis: int) -> None:
    """As the Python client does it: hundredths of a G, of small amounts thousandths."""
    memory = float(memory_text(size).split("G")[0])
    processor = float(cpu_text(millis).split("m")[0]) / 1000

    assert memory > 0
    assert abs(memory - size / 1e9) <= (0.00501 if size >= 10**8 else 0.000501)
    assert processor == millis / 1000
