"""Metrics as they are shown: in which order, and with which bars."""

from typing import Any

import pytest

from modelyard.entrypoints.web.metric_views import shown_metrics


def test_highlighted_ones_come_first_then_their_order_counts() -> None:
    statistics: list[dict[str, Any]] = [
        {"label": "c", "order": 2},
        {"label": "b", "order": 1},
        {"label": "d"},
        {"label": "a", "highlight": True},
    ]

    found = shown_metrics(statistics)

    assert [metric.label for metric in found] == ["a", "b", "c", "d"]
    assert [metric.is_highlighted for metric in found] == [True, False, False, False]


@pytest.mark.parametrize(
    ("value", "kind", "text", "share"),
    [
        (0.93, "percentage", "93 %", 0.93),
        (93.5, "percentage", "93.5 %", 0.935),
        (1, "percentage", "100 %", 1.0),
        (0.25, "ratio", "0.25", 0.25),
        (120, "percentage", "120", None),
        (12_345, "count", "12,345", None),
        (-0.5, "number", "-0.5", None),
        ("good", "text", "good", None),
        (None, None, "–", None),
        (True, "flag", "True", None),
    ],
)
def test_values(value: Any, kind: str | None, text: str, share: float | None) -> None:
    (found,) = shown_metrics([{"label": "x", "value": value, "type": kind}])

    assert (found.value, found.share) == (text, share)
