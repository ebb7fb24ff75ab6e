"""Exponential smoothing with trend and season (Holt and Winters, additive), for many settings at once."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np  # type: ignore[import-not-found]

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
TRENDS = (0.0, 0.02, 0.05, 0.1, 0.3)
SEASONS = (0.0, 0.05, 0.1, 0.3, 0.6)
NINETY_FIVE_PERCENT = 1.96


@dataclass(frozen=True)
class Forecast:
    """Values to come, with the range in which 95 % of them are expected, and the settings that fitted best."""

    values: Any
    lower: Any
    upper: Any
    level: float
    trend: float
    season: float
    error: float


def forecast(values: Any, season_length: int, horizon: int) -> Forecast:
    """Fits all settings to the values, and goes on with the best. Needs two seasons, or four values without any."""
    seasons = SEASONS if season_length > 1 else (0.0,)
    settings = np.array(list(product(LEVELS, TRENDS, seasons)))
    errors, state = smooth(np.asarray(values, dtype=float), season_length, settings)
    best = int(np.argmin(errors))
    level, slope, season = (part[best] for part in state)
    steps = np.arange(1, horizon + 1)
    middle = level + steps * slope + season[(steps - 1) % season_length]
    alpha, beta, gamma = (float(value) for value in settings[best])
    spread = NINETY_FIVE_PERCENT * np.sqrt(errors[best] * growth(alpha, beta, gamma, season_length, horizon))
    error = float(np.sqrt(errors[best]))
    return Forecast(middle, middle - spread, middle + spread, alpha, beta, gamma, error)


def smooth(values: Any, length: int, settings: Any) -> tuple[Any, tuple[Any, Any, Any]]:
    """The mean square error of one step for each setting, and level, trend and season in the end."""
    alpha, beta, gamma = settings.T
    count = len(settings)
    first, second = values[:length].mean(), values[length : 2 * length].mean()
    slope = np.full(count, (second - first) / length)
    level = np.full(count, first - slope * (length + 1) / 2)
    trend_line = first + slope[0] * (np.arange(length) - (length - 1) / 2)
    season = np.tile(values[:length] - trend_line if length > 1 else np.zeros(1), (count, 1))
    squares = np.zeros(count)
    for place, value in enumerate(values):
        at = place % length
        known = season[:, at]
        error = value - level - slope - known
        squares += error**2 if place >= length else 0
        level = level + slope + alpha * error
        slope = slope + alpha * beta * error
        season[:, at] = known + gamma * (1 - alpha) * error
    end = len(values) % length
    return squares / (len(values) - length), (level, slope, np.roll(season, -end, axis=1))


def growth(alpha: float, beta: float, gamma: float, length: int, horizon: int) -> Any:
    """By how much the error of one step grows, step by step (Hyndman and others, 2008, for ETS(A,A,A))."""
    past = np.arange(1, horizon)
    weights = alpha + alpha * beta * past + gamma * (1 - alpha) * (past % length == 0) * (length > 1)
    return 1 + np.concatenate([[0.0], np.cumsum(weights**2)])
