"""Which preset is suggested for which use, and why."""

import pytest

from modelyard.domain.version_tests.report import HardwareMeasure, UseMeasure
from modelyard.domain.version_tests.suggest_preset import PresetOption, size_text, suggest_preset

GB = 1_000_000_000
SMALL = PresetOption(1, "1 CPU, 1 GB", 1000, GB)
WIDE = PresetOption(2, "1 CPU, 2 GB", 1000, 2 * GB)
MIDDLE = PresetOption(3, "2 CPU, 4 GB", 2000, 4 * GB)
GPU = PresetOption(-6, "GPU", 2000, 8 * GB, 1)
ALL = [GPU, MIDDLE, WIDE, SMALL]
MEASURED = HardwareMeasure(3, "2 CPU, 4 GB", 2000, 4 * GB)


def use(peak: float, cores: float | None, working: float | None = None) -> UseMeasure:
    return UseMeasure(int(peak), int(peak if working is None else working), 1.0, cores)


@pytest.mark.parametrize(
    ("peak", "cores", "expected"),
    [
        (0.1 * GB, 0.5, SMALL),
        (0.1 * GB, None, SMALL),
        (0.769 * GB, 0.5, SMALL),
        (0.77 * GB, 0.5, WIDE),  # 30 % to spare is more than 1 GB
        (0.1 * GB, 0.9, SMALL),
        (0.1 * GB, 0.92, MIDDLE),  # 10 % to spare is more than one core
        (2.0 * GB, 0.1, MIDDLE),
        (3.5 * GB, 0.1, GPU),  # the only one with as much memory
    ],
)
def test_smallest_that_is_enough(peak: float, cores: float | None, expected: PresetOption) -> None:
    suggestion = suggest_preset(ALL, use(peak, cores), MEASURED)

    assert suggestion.preset == expected
    assert expected.name in suggestion.reason


def test_no_preset_has_the_memory() -> None:
    suggestion = suggest_preset(ALL, use(20 * GB, 0.1), MEASURED)

    assert suggestion.preset is None
    assert "26 GB" in suggestion.reason
    assert "ask an administrator" in suggestion.reason


def test_too_few_cores_only_make_it_slower() -> None:
    suggestion = suggest_preset([SMALL, WIDE, MIDDLE], use(0.1 * GB, 2.0), MEASURED)

    assert suggestion.preset == MIDDLE
    assert "slower" in suggestion.reason
    assert "only a test with more shows" in suggestion.reason


def test_a_model_that_has_a_gpu_keeps_it() -> None:
    measured = HardwareMeasure(-6, "GPU", 2000, 8 * GB, 1)

    assert suggest_preset(ALL, use(0.1 * GB, 0.1), measured).preset == GPU
    assert suggest_preset([SMALL], use(0.1 * GB, 0.1), measured).preset is None


def test_file_cache_that_fills_the_memory_does_not_count() -> None:
    suggestion = suggest_preset(ALL, use(4 * GB, 0.1, working=0.5 * GB), MEASURED)

    assert suggestion.preset == SMALL
    assert "File cache" in suggestion.reason


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 kB"), (9220, "9.22 kB"), (999_600, "1 MB"), (47.2e6, "47.2 MB"), (1.5e9, "1.5 GB")]
)
def test_sizes_for_people(size: float, text: str) -> None:
    assert size_text(size) == text
