"""Measures the model on series that are made for it: runs while the image is built."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np  # type: ignore[import-not-found]
from smoothing import forecast  # type: ignore[import-not-found]

SERIES, SEASON, PAST, HORIZON = 60, 12, 72, 12
LITTLE_NOISE = 3.5
"""The deviation of the noise lies between 1 and 6."""


@dataclass(frozen=True)
class Outcome:
    """What a forecast of one series was worth: the share of values in its range, its error, that of a year before."""

    noise: float
    inside: float
    error: float
    naive_error: float


def main(folder: Path) -> None:
    """Writes `metrics.json` and `groups.json` into a folder."""
    chance = np.random.default_rng(7)
    outcomes = [try_out(chance) for _ in range(SERIES)]
    metrics = measure(outcomes)
    split = {
        f"noise with a deviation below {LITTLE_NOISE}": [one for one in outcomes if one.noise < LITTLE_NOISE],
        f"noise with a deviation from {LITTLE_NOISE} on": [one for one in outcomes if one.noise >= LITTLE_NOISE],
    }
    groups = [
        {"group": name, "metric": metric, "value": value, "sampleCount": len(group)}
        for name, group in split.items()
        for metric, value in measure(group).items()
    ]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "groups.json").write_text(json.dumps(groups))
    print(f"{SERIES} series of {PAST} values, {HORIZON} ahead: {metrics}")


def try_out(chance: Any) -> Outcome:
    """Forecasts the end of a new series from its beginning."""
    values, noise = make_series(chance)
    past, future = values[:PAST], values[PAST:]
    found = forecast(past, SEASON, HORIZON)
    return Outcome(
        noise,
        float(((found.lower <= future) & (future <= found.upper)).mean()),
        float(np.abs(future - found.values).mean()),
        float(np.abs(future - past[-SEASON:]).mean()),
    )


def measure(outcomes: list[Outcome]) -> dict[str, float]:
    """The metrics of some series."""
    saved = 1 - sum(one.error for one in outcomes) / sum(one.naive_error for one in outcomes)
    return {
        "Interval Coverage": round(sum(one.inside for one in outcomes) / len(outcomes), 2),
        "Error Saved": round(saved, 2),
    }


def make_series(chance: Any) -> tuple[Any, float]:
    """Six years and one more of months: trend, season, a level that wanders, and noise; and how loud the noise is."""
    months = np.arange(PAST + HORIZON)
    size = chance.uniform(5, 30)
    season = size * np.sin(2 * np.pi * (months / SEASON + chance.random())) + size / 3 * np.cos(
        4 * np.pi * months / SEASON
    )
    wandering = np.cumsum(chance.normal(0, chance.uniform(0, 1.5), len(months)))
    trend, noise = chance.uniform(-0.5, 1.5), chance.uniform(1, 6)
    return 100 + trend * months + season + wandering + chance.normal(0, noise, len(months)), noise


if __name__ == "__main__":
    main(Path(sys.argv[1]))
