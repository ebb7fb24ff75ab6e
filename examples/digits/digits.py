"""Says which handwritten digit a picture shows, and which strokes made it think so."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np  # type: ignore[import-not-found]
from glyph import CELLS, Glyph, read_glyph  # type: ignore[import-not-found]

WEIGHTS = Path(__file__).with_name("weights.npz")
LEAST_SHARE = 0.25
"""Of the loss that the most important cell makes: a cell that makes as much belongs to the explanation."""


class DigitsModel:
    """A small network, trained on the digits that scikit-learn ships."""

    inputs = ("image",)

    def __init__(self) -> None:
        with np.load(WEIGHTS) as weights:
            self._weights = {name: weights[name] for name in weights.files}

    def analyse(self, inputs: Mapping[str, bytes], *, explain: bool, detect_drift: bool) -> dict[str, bytes]:
        """The results of one picture. Raises BadInput."""
        glyph = read_glyph(inputs["image"])
        scores = self._scores(glyph.cells.reshape(1, -1))[0]
        order = np.argsort(-scores)
        results = {
            "data": {
                "result": {"classPredictions": [{"class": str(n), "score": round(float(scores[n]), 4)} for n in order]},
                "explanation": self._explain(glyph, int(order[0]), float(scores[order[0]])) if explain else None,
                "drift": describe(glyph) if detect_drift else None,
            }
        }
        return {"results.json": json.dumps(results).encode()}

    def _scores(self, cells: Any) -> Any:
        """The scores of all classes, for each row of 64 cells."""
        weights = self._weights
        hidden = np.maximum(0, cells @ weights["first"] + weights["first_bias"])
        raw = hidden @ weights["second"] + weights["second_bias"]
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def _explain(self, glyph: Glyph, best: int, score: float) -> dict[str, Any]:
        """The ink without which the best class would lose most of its score, cell by cell."""
        flat = glyph.cells.reshape(-1)
        without = np.tile(flat, (flat.size, 1))
        np.fill_diagonal(without, 0)
        loss = score - self._scores(without)[:, best]
        important = (loss >= LEAST_SHARE * loss.max()) & (flat > 0) & (loss > 0)
        mask = glyph.ink & in_cells(glyph, important.reshape(CELLS, CELLS))
        height, width = mask.shape
        return {"maskRLE": [run_lengths(mask)], "dimensions": {"height": height, "width": width}}


def in_cells(glyph: Glyph, cells: Any) -> Any:
    """Which pixels of the picture lie in one of these cells."""
    height, width = glyph.ink.shape
    rows = np.floor((np.arange(height) + 0.5 - glyph.top) / glyph.side * CELLS).astype(int)
    columns = np.floor((np.arange(width) + 0.5 - glyph.left) / glyph.side * CELLS).astype(int)
    inside = ((rows >= 0) & (rows < CELLS))[:, None] & ((columns >= 0) & (columns < CELLS))[None, :]
    return inside & cells[np.clip(rows, 0, CELLS - 1)][:, np.clip(columns, 0, CELLS - 1)]


def run_lengths(mask: Any) -> list[int]:
    """Column by column from the top: how many pixels are out, then in, then out, and so on; may begin with 0."""
    flat = mask.flatten(order="F").astype(int)
    changes = np.flatnonzero(np.diff(flat)) + 1
    ends = np.concatenate([[0], changes, [flat.size]])
    runs: list[int] = np.diff(ends).tolist()
    return [0, *runs] if flat[0] else runs


def describe(glyph: Glyph) -> dict[str, Any]:
    """What a picture is like, for comparing many."""
    height, width = glyph.ink.shape
    columns = np.flatnonzero(glyph.ink.any(axis=0))
    rows = np.flatnonzero(glyph.ink.any(axis=1))
    return {
        "pixels": height * width,
        "inkShare": round(float(glyph.ink.mean()), 4),
        "cellMean": round(float(glyph.cells.mean()), 4),
        "widthToHeight": round(float(columns[-1] - columns[0] + 1) / float(rows[-1] - rows[0] + 1), 4),
    }
