"""Draws digits as a hand might: the sample of this model, and what the demo and the tests send."""

import io
import math
import random

from PIL import Image, ImageDraw

Point = tuple[float, float]
STROKES: dict[str, list[list[Point]]] = {
    "0": [[(0.5, 0), (0.15, 0.2), (0.08, 0.55), (0.3, 0.95), (0.6, 1), (0.9, 0.7), (0.88, 0.25), (0.5, 0)]],
    "1": [[(0.44, 0.1), (0.54, 0), (0.5, 0.5), (0.48, 1)]],
    "2": [[(0.12, 0.2), (0.35, 0), (0.75, 0.05), (0.8, 0.35), (0.45, 0.7), (0.08, 1), (0.9, 0.98)]],
    "3": [[(0.12, 0.08), (0.5, 0), (0.82, 0.18), (0.45, 0.46), (0.85, 0.7), (0.55, 1), (0.1, 0.92)]],
    "4": [[(0.5, 0), (0.3, 0.3), (0.08, 0.62), (0.95, 0.6)], [(0.72, 0.3), (0.68, 0.65), (0.64, 1)]],
    "5": [[(0.85, 0.02), (0.25, 0), (0.18, 0.42), (0.6, 0.4), (0.85, 0.65), (0.6, 0.98), (0.12, 0.95)]],
    "6": [[(0.7, 0), (0.3, 0.3), (0.15, 0.7), (0.4, 1), (0.78, 0.85), (0.7, 0.6), (0.4, 0.55), (0.18, 0.75)]],
    "7": [[(0.1, 0.04), (0.5, 0.02), (0.9, 0), (0.6, 0.45), (0.4, 1)], [(0.25, 0.5), (0.75, 0.48)]],
    "8": [
        [(0.8, 0.1), (0.45, 0), (0.2, 0.22), (0.5, 0.45), (0.82, 0.75), (0.5, 1), (0.2, 0.8), (0.5, 0.5), (0.8, 0.1)]
    ],
    "9": [[(0.8, 0.3), (0.55, 0.5), (0.22, 0.4), (0.25, 0.1), (0.6, 0), (0.82, 0.2), (0.75, 0.6), (0.6, 1)]],
}
PAPER, INK = (250, 248, 240), (28, 36, 92)


def draw_digit(digit: str, *, seed: int = 0, size: int = 160, wobble: float = 0.015) -> bytes:
    """A PNG of one digit, a little different for each seed."""
    chance = random.Random(f"{digit}-{seed}")  # noqa: S311 - not for secrets
    scale = 4
    sheet = Image.new("RGB", (size * scale, size * scale), PAPER)
    pen = ImageDraw.Draw(sheet)
    lean, width = chance.uniform(-0.08, 0.08), size * scale * chance.uniform(0.075, 0.095)
    for stroke in STROKES[digit]:
        points = [(x + chance.gauss(0, wobble), y + chance.gauss(0, wobble)) for x, y in stroke]
        for x, y in smooth(points):
            centre_x = (0.27 + 0.46 * (x + lean * (0.5 - y))) * size * scale
            centre_y = (0.17 + 0.66 * y) * size * scale
            pen.ellipse(
                (centre_x - width / 2, centre_y - width / 2, centre_x + width / 2, centre_y + width / 2), fill=INK
            )
    target = io.BytesIO()
    sheet.resize((size, size), Image.Resampling.LANCZOS).save(target, "PNG", optimize=True)
    return target.getvalue()


def smooth(points: list[Point], steps: int = 40) -> list[Point]:
    """A line through all points without corners (Catmull-Rom)."""
    padded = [points[0], *points, points[-1]]
    line = []
    for before, start, end, after in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for step in range(steps + 1):
            t = step / steps
            weights = (
                (-t + 2 * t * t - t**3) / 2,
                (2 - 5 * t * t + 3 * t**3) / 2,
                (t + 4 * t * t - 3 * t**3) / 2,
                (t**3 - t * t) / 2,
            )
            corners = (before, start, end, after)
            x, y = (math.fsum(w * corner[axis] for w, corner in zip(weights, corners, strict=True)) for axis in (0, 1))
            line.append((x, y))
    return line
