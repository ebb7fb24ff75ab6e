"""Pictures of a wanted size in bytes, the same each time: a photograph as JPEG, a drawing as PNG."""

import io
from collections.abc import Callable
from random import Random

from PIL import Image

_PHOTOGRAPH = (4000, 3000)
_DRAWING = (1440, 1024)
_GRAIN = 3
"""Pixels between the points of the photograph that are independent of each other."""


def photograph(most_bytes: int, size: tuple[int, int] = _PHOTOGRAPH) -> bytes:
    """A JPEG with as many bytes as possible up to so many: soft shapes and grain, as cameras make."""
    random = Random(1)  # noqa: S311 - the same each time
    width, height = size
    few, many = (40, 30), (width // _GRAIN, height // _GRAIN)
    shapes, grain = (
        Image.frombytes("RGB", box, random.randbytes(3 * box[0] * box[1])).resize(size, Image.Resampling.BICUBIC)
        for box in (few, many)
    )
    picture = Image.blend(shapes, grain, 0.3)
    return _largest(most_bytes, 1, 100, lambda quality: _saved(picture, "JPEG", quality=quality))


def drawing(most_bytes: int, size: tuple[int, int] = _DRAWING) -> bytes:
    """A PNG with as many bytes as possible up to so many: bands of colour, and a part full of detail."""
    random = Random(1)  # noqa: S311 - the same each time
    width, height = size
    bands = Image.new("RGB", (1, height))
    bands.putdata([(row // 8 % 256, 90, 255 - row // 8 % 256) for row in range(height)])
    detail = Image.frombytes("RGB", size, random.randbytes(3 * width * height))

    def draw(rows: int) -> bytes:
        picture = bands.resize(size)
        picture.paste(detail.crop((0, 0, width, rows)), (0, 0))
        return _saved(picture, "PNG")

    return _largest(most_bytes, 1, height, draw)


def _largest(most_bytes: int, low: int, high: int, make: Callable[[int], bytes]) -> bytes:
    """What is made of the highest number whose file is not too large; files grow with the number."""
    best = make(low)
    while low < high:
        middle = (low + high + 1) // 2
        made = make(middle)
        if len(made) <= most_bytes:
            low, best = middle, made
        else:
            high = middle - 1
    return best


def _saved(picture: Image.Image, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()
