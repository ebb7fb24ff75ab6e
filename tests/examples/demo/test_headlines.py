"""The short texts of the demo."""

from typing import Any

import pytest

from examples.demo.headlines import headline, measured

ROWS = [
    {"step": 1, "value": 10.0, "lower": 9.0, "upper": 11.0},
    {"step": 2, "value": 20.5, "lower": 18.5, "upper": 22.5},
]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({"classPredictions": [{"class": "png", "score": 0.987}]}, ("png", "0.99")),
        ({"segments": [], "speechSeconds": 0.0, "classPredictions": []}, ("nobody speaks", "0.0 s")),
        ({"segments": [{"start": 0.75, "end": 1.5}], "speechSeconds": 0.75}, ("0.8–1.5 s", "0.8 s")),
        ({"forecast": ROWS}, ("next 10, step 2: 20.5", "±2")),
    ],
)
def test_answers(result: dict[str, Any], expected: tuple[str, str]) -> None:
    assert headline({"data": {"result": result}}) == expected


def test_reports() -> None:
    level = {"atOnce": 1, "latencyP50Ms": 0.812, "itemsPerSecond": 1234.5}
    faster = {"atOnce": 16, "latencyP50Ms": 3.0, "itemsPerSecond": 4409.0}
    report = {"start": {"totalMs": 290}, "use": {"peakMemoryBytes": 22_740_992}, "load": [level, faster]}

    text = "ready after 0.3 s · 23 MB at most · p50 0.812 ms alone · up to 4,409 items/s, 16 at once"
    assert measured(report) == text
    assert measured({"load": [{"atOnce": 1}]}) == "nothing was measured"
