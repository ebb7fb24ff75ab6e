"""Finds the digit in a picture and reduces it to 8 x 8 cells, as the digits were that the network has learned."""

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np  # type: ignore[import-not-found]
from PIL import Image
from serving.model import BadInput  # type: ignore[import-not-found]

CELLS = 8
FINE = 32
"""The digit fills so many pixels before they are counted in cells of 4 x 4."""
MOST_SIDE = 1024
LEAST_CONTRAST = 40
INK_SHARE = 0.4
"""Of the largest difference to the background: what differs as much is ink."""


@dataclass(frozen=True)
class Glyph:
    """A digit in its picture.

    Args:
        ink: which pixels of the picture are ink.
        cells: 8 x 8 numbers from 0 to 1: how much of each cell is ink.
        top, left, side: the square of the picture that the cells divide; it may reach beyond the picture.
    """

    ink: Any
    cells: Any
    top: float
    left: float
    side: float


def read_glyph(content: bytes) -> Glyph:
    """The digit of a PNG or JPEG. Raises BadInput."""
    grey = read_grey(content)
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    difference = np.abs(grey - np.median(edge))
    if difference.max() < LEAST_CONTRAST:
        raise BadInput("The picture shows nothing that stands out from its background.")
    ink = difference >= INK_SHARE * difference.max()
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    side = float(max(height, width))
    top, left = rows[0] + height / 2 - side / 2, columns[0] + width / 2 - side / 2
    box = (float(left), float(top), float(left) + side, float(top) + side)
    fine = Image.fromarray((ink * 255).astype(np.uint8)).transform(
        (FINE, FINE), Image.Transform.EXTENT, box, Image.Resampling.BILINEAR
    )
    size = FINE // CELLS
    cells = (np.asarray(fine) >= 128).reshape(CELLS, size, CELLS, size).mean(axis=(1, 3))
    return Glyph(ink, cells, float(top), float(left), side)


def read_grey(content: bytes) -> Any:
    """The picture in grey, as an array of rows. Raises BadInput."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of pictures that are too large
            picture = Image.open(io.BytesIO(content), formats=["PNG", "JPEG"])
            if max(picture.size) > MOST_SIDE or min(picture.size) < CELLS:
                raise BadInput(f"The picture has to have {CELLS} to {MOST_SIDE} pixels on each side.")
            flat = Image.new("RGBA", picture.size, "white")
            flat.alpha_composite(picture.convert("RGBA"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as problem:
        raise BadInput("The input is not a PNG or JPEG picture that can be read.") from problem
    return np.asarray(flat.convert("L"), dtype=float)
