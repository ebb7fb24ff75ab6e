"""Reports are kept as JSON and read again as they were."""

import json

from modelyard.domain.version_tests.load_plan import plan_level
from modelyard.domain.version_tests.load_tally import LoadTally
from modelyard.domain.version_tests.report import (
    HardwareMeasure,
    ImageMeasure,
    Layer,
    Measurements,
    OutputFinding,
    Problem,
    StartMeasure,
    UseMeasure,
    from_json,
    to_json,
)

FULL = Measurements(
    image=ImageMeasure("a:1", "sha256:a", 3, 1, (Layer(2, "COPY"),)),
    hardware=HardwareMeasure(1, "small", 1000, 10, 0, 2, 100),
    start=StartMeasure(1, 2, "grpc-v2", 8),
    use=UseMeasure(5, 4, 0.5, None),
    first_call_ms=7,
    outputs_checked=True,
    output_findings=(OutputFinding("a", Problem.MISSING, "why"),),
    levels=(LoadTally().sum_up(plan_level(1, protocol="http-v1", batch_size=1), 1.0, is_complete=False),),
    notes=("one",),
    ended_early="because",
)


def test_full_and_empty() -> None:
    for measurements in (FULL, Measurements()):
        assert from_json(json.loads(json.dumps(to_json(measurements)))) == measurements


def test_members_of_other_releases_are_left_out() -> None:
    assert from_json({"first_call_ms": 3, "colour": "red"}) == Measurements(first_call_ms=3)


def test_a_sleeping_version_waits_for_both_parts_of_the_start() -> None:
    assert StartMeasure(100, 200, "http-v1").cold_ms == 300
