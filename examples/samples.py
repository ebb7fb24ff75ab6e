"""Makes the sample files of the example models: `python -m examples.samples` writes them anew, always the same."""

import json
import math
import random

from examples.demo.images import EXAMPLES
from examples.digits.drawing import draw_digit
from examples.speech.synthesis import make_clip


def make_series(*, seed: int = 2, months: int = 72) -> list[float]:
    """Ice cream, in hundreds of scoops a month: more each year, most in July."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    return [
        round(max(4.0, 60 + 0.5 * month - 38 * math.cos(2 * math.pi * month / 12) + chance.gauss(0, 4)), 1)
        for month in range(months)
    ]


def main() -> None:
    """Writes all of them."""
    (EXAMPLES / "digits" / "sample.png").write_bytes(draw_digit("5", seed=1))
    (EXAMPLES / "speech" / "sample.wav").write_bytes(make_clip(seed=5).wav)
    series = {"values": make_series(), "seasonLength": 12, "horizon": 12}
    (EXAMPLES / "forecast" / "sample.json").write_text(json.dumps(series) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
