"""The metrics of a version as small charts: those that stand for all come first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PERCENTAGE = "percentage"


@dataclass(frozen=True, slots=True)
class MetricShown:
    """A metric: its value as people read it, and as a share of what is possible where it is one."""

    label: str
    value: str
    share: float | None
    description: str
    is_highlighted: bool


def shown_metrics(statistics: Iterable[Mapping[str, Any]]) -> list[MetricShown]:
    """Highlighted ones first, then in their order."""
    ordered = sorted(statistics, key=lambda entry: (not entry.get("highlight"), _order(entry)))
    return [_shown(entry) for entry in ordered]


def _shown(entry: Mapping[str, Any]) -> MetricShown:
    value, is_percentage = entry.get("value"), entry.get("type") == PERCENTAGE
    share = _share(value, is_percentage=is_percentage)
    text = f"{share * 100:.4g} %" if is_percentage and share is not None else _text(value)
    label, description = str(entry.get("label") or ""), str(entry.get("description") or "")
    return MetricShown(label, text, share, description, bool(entry.get("highlight")))


def _share(value: Any, *, is_percentage: bool) -> float | None:
    """Percentages come as shares, or as numbers up to 100."""
    if not _is_number(value) or value < 0:
        return None
    if value <= 1:
        return float(value)
    return value / 100 if is_percentage and value <= 100 else None


def _text(value: Any) -> str:
    if not _is_number(value):
        return "–" if value is None else str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(entry: Mapping[str, Any]) -> float:
    order = entry.get("order")
    return float(order) if order is not None and _is_number(order) else float("inf")
