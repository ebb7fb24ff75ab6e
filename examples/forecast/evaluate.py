"""Measures the model on series that are made for it: runs while the image is built."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np  # type: ignore[import-not-found]
from smoothing import forecast  # type: ignore[import-not-found]

SERIES, SEASON, PAST, HORIZON = 60, 12, 72, 12


def main(target: Path) -> None:
    """Writes what was measured."""
    chance = np.random.default_rng(7)
    inside, errors, naive_errors = [], [], []
    for _ in range(SERIES):
        values = make_series(chance)
        past, future = values[:PAST], values[PAST:]
        found = forecast(past, SEASON, HORIZON)
        inside.append((found.lower <= future) & (future <= found.upper))
        errors.append(np.abs(future - found.values).mean())
        naive_errors.append(np.abs(future - past[-SEASON:]).mean())
    metrics = {
        "Interval Coverage": float(np.mean(inside)),
        "Error Saved": 1 - float(np.sum(errors) / np.sum(naive_errors)),
    }
    target.write_text(json.dumps({name: round(value, 2) for name, value in metrics.items()}))
    print(f"{SERIES} series of {PAST} values, {HORIZON} ahead: {metrics}")


def make_series(chance: Any) -> Any:
    """Six years and one more of months: trend, season, a level that wanders, and noise."""
    months = np.arange(PAST + HORIZON)
    size = chance.uniform(5, 30)
    season = size * np.sin(2 * np.pi * (months / SEASON + chance.random())) + size / 3 * np.cos(
        4 * np.pi * months / SEASON
    )
    wandering = np.cumsum(chance.normal(0, chance.uniform(0, 1.5), len(months)))
    return (
        100
        + chance.uniform(-0.5, 1.5) * months
        + season
        + wandering
        + chance.normal(0, chance.uniform(1, 6), len(months))
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
