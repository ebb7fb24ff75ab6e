"""Says how a series of numbers goes on."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.model import BadInput  # type: ignore[import-not-found]
from smoothing import forecast  # type: ignore[import-not-found]

MOST_VALUES, MOST_STEPS, LONGEST_SEASON = 10_000, 500, 400
LARGEST = 1e12


@dataclass(frozen=True)
class Series:
    """What is asked for. A season of 1 is none."""

    values: tuple[float, ...]
    season_length: int
    horizon: int


class ForecastModel:
    """Exponential smoothing; it learns each series anew and remembers none."""

    inputs = ("series.json",)

    def analyse(self, inputs: Mapping[str, bytes], *, explain: bool, detect_drift: bool) -> dict[str, bytes]:
        """The forecast of one series. Raises BadInput."""
        series = read_series(inputs["series.json"])
        found = forecast(series.values, series.season_length, series.horizon)
        rows = [
            {"step": step, "value": round(value, 4), "lower": round(lower, 4), "upper": round(upper, 4)}
            for step, (value, lower, upper) in enumerate(
                zip(found.values.tolist(), found.lower.tolist(), found.upper.tolist(), strict=True), start=1
            )
        ]
        result = {
            "forecast": rows,
            "interval": 0.95,
            "fitted": {"level": found.level, "trend": found.trend, "season": found.season},
            "oneStepError": round(found.error, 4),
        }
        lines = ["step,value,lower,upper", *(",".join(str(row[name]) for name in row) for row in rows), ""]
        document = {"data": {"result": result, "explanation": None, "drift": None}}
        return {"results.json": json.dumps(document).encode(), "forecast.csv": "\n".join(lines).encode()}


def read_series(content: bytes) -> Series:
    """The series of an input. Raises BadInput."""
    try:
        given = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise BadInput("The input is not JSON.") from problem
    if not isinstance(given, dict) or not isinstance(given.get("values"), list):
        raise BadInput('The input has to be like {"values": [1, 2, …], "seasonLength": 12, "horizon": 6}.')
    season_length = read_count(given, "seasonLength", 1, LONGEST_SEASON)
    horizon = read_count(given, "horizon", 12, MOST_STEPS)
    values = given["values"]
    least = max(4, 2 * season_length)
    if not least <= len(values) <= MOST_VALUES:
        raise BadInput(f"With this season there have to be {least} to {MOST_VALUES} values, not {len(values)}.")
    if not all(is_number(value) for value in values):
        raise BadInput(f"All values have to be numbers from {-LARGEST:g} to {LARGEST:g}.")
    return Series(tuple(map(float, values)), season_length, horizon)


def read_count(given: Mapping[str, Any], name: str, default: int, most: int) -> int:
    """A whole number of the input. Raises BadInput."""
    value = given.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise BadInput(f"{name} has to be a whole number from 1 to {most}.")
    return value


def is_number(value: object) -> bool:
    """Whether it can be used as a value."""
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and abs(value) <= LARGEST and math.isfinite(value)  # type: ignore[arg-type]
