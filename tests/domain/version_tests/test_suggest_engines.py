"""How many engines are suggested."""

import pytest

from modelyard.domain.version_tests.load_plan import plan_level
from modelyard.domain.version_tests.load_tally import LoadTally
from modelyard.domain.version_tests.report import HardwareMeasure, StartMeasure
from modelyard.domain.version_tests.suggest_engines import engines_that_fit, rate_text, suggest_engines

GB = 1_000_000_000


def hardware(cpus: int, memory: int, *, millis: int = 1000, preset: int = GB) -> HardwareMeasure:
    return HardwareMeasure(1, "small", millis, preset, 0, cpus, memory)


@pytest.mark.parametrize(
    ("measured", "room"),
    [
        (hardware(2, 8 * GB), 2),
        (hardware(8, 4 * GB), 4),
        (hardware(2, 8 * GB, millis=4000), 0),
        (hardware(64, 64 * GB), 64),
        (hardware(0, 0), 0),
        (hardware(2, 8 * GB, millis=0), 0),
    ],
)
def test_room(measured: HardwareMeasure, room: int) -> None:
    assert engines_that_fit(measured) == room


@pytest.mark.parametrize(
    ("start_ms", "ready_ms", "measured", "minimum", "maximum"),
    [
        (100, 200, hardware(2, 8 * GB), 0, 2),
        (100, 9_900, hardware(2, 8 * GB), 0, 2),
        (101, 9_900, hardware(2, 8 * GB), 1, 2),
        (100, 200, hardware(2, 8 * GB, millis=4000), 0, 1),
        (100, 200, hardware(64, 64 * GB), 0, 8),
        (100, 60_000, hardware(0, 0), 1, 1),
    ],
)
def test_engines(start_ms: int, ready_ms: int, measured: HardwareMeasure, minimum: int, maximum: int) -> None:
    suggestion = suggest_engines(StartMeasure(start_ms, ready_ms, "http-v1"), measured, [])

    assert (suggestion.minimum, suggestion.maximum) == (minimum, maximum)
    assert suggestion.minimum_reason
    assert "cores" in suggestion.maximum_reason


def test_the_reason_names_the_best_throughput() -> None:
    tally = LoadTally()
    tally.count(1.0, [None] * 300)
    level = tally.sum_up(plan_level(4, protocol="grpc-v2", batch_size=1), 1.0, is_complete=True)
    suggestion = suggest_engines(StartMeasure(1, 1, "grpc-v2"), hardware(2, 8 * GB), [level])

    assert "one answered 300 items a second at most (4 at once)" in suggestion.maximum_reason


@pytest.mark.parametrize(("rate", "text"), [(0.123456, "0.123"), (30.31, "30.3"), (4409.4, "4,409")])
def test_rates_for_people(rate: float, text: str) -> None:
    assert rate_text(rate) == text
