"""Draws pictures for what has none of its own: calm shapes in few colours, and initials that can be read."""

import io
import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from modelyard.adapters.imaging.base import Artwork, Motif
from modelyard.adapters.imaging.symbols import draw_symbol

FINER = 2
"""Drawn so many times larger, then reduced, so that edges are smooth."""
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """From the ground to the brightest shape."""

    ground: Colour
    deep: Colour
    middle: Colour
    light: Colour
    spark: Colour


def _palette(*colours: str) -> Palette:
    return Palette(*((int(text[:2], 16), int(text[2:4], 16), int(text[4:], 16)) for text in colours))


PALETTES = (
    _palette("14213d", "1d3461", "2f5d8c", "6ba4c9", "fca311"),  # night and amber
    _palette("0b3c3c", "12605c", "1f8a7d", "74c7b0", "ffd166"),  # lagoon
    _palette("2b1b4d", "43297a", "6a48b0", "a78be0", "ff9fb2"),  # violet
    _palette("3d1730", "672450", "a03a6e", "dd7ea0", "ffd6a5"),  # plum
    _palette("1f2a1c", "35502b", "5a8a3f", "a3c978", "f6e27f"),  # moss
    _palette("431b12", "77301d", "b9532f", "ec9a6d", "ffe0ac"),  # terracotta
    _palette("102542", "23477a", "4a7fc1", "9cc3f0", "f87060"),  # cobalt and coral
    _palette("222831", "38424f", "5b6b7f", "a4b4c4", "76e4c7"),  # slate and mint
    _palette("4a1522", "7a1f33", "b8374f", "ec8593", "f9d5a7"),  # garnet
    _palette("0f2f4a", "125578", "1688a8", "6fcadb", "ffe17d"),  # sea
    _palette("33245c", "4f3d91", "7f6bd0", "b9aef2", "80f0c8"),  # iris
    _palette("3a2c10", "6b5119", "ad8527", "e5c165", "9fd8cb"),  # ochre
)
BY_CATEGORY: Mapping[str, Palette] = {
    "Task": PALETTES[6],
    "Subject": PALETTES[1],
    "Input Type": PALETTES[2],
}


def draw_artwork(artwork: Artwork, width: int, height: int, extension: str) -> bytes:
    """The picture as a PNG or WebP. The same artwork gives the same picture. Takes a while: use a thread."""
    chance = random.Random(artwork.seed)  # noqa: S311 - not a secret
    canvas = Image.new("RGB", (width * FINER, height * FINER))
    draw = ImageDraw.Draw(canvas, "RGBA")
    if artwork.motif == Motif.TAG:
        _draw_tag(draw, artwork, canvas.size)
    elif artwork.motif == Motif.LOGO:
        _draw_logo(draw, artwork, chance, canvas.size)
    else:
        _draw_model(draw, artwork, chance, canvas.size)
    picture = canvas.reduce(FINER)
    buffer = io.BytesIO()
    if extension == "webp":
        picture.save(buffer, "WEBP", quality=86, method=2)
    else:
        picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _draw_model(draw: ImageDraw.ImageDraw, artwork: Artwork, chance: random.Random, size: tuple[int, int]) -> None:
    palette = PALETTES[chance.randrange(len(PALETTES))]
    width, height = size
    draw.rectangle((0, 0, width, height), palette.ground)
    PATTERNS[chance.randrange(len(PATTERNS))](draw, palette, chance, size)
    if text := readable(artwork.text):
        centre = (width * 0.5, height * 0.5)
        _disc(draw, *centre, height * 0.33, (*palette.light, 70))
        _disc(draw, *centre, height * 0.3, (*palette.ground, 240))
        _write(draw, text, centre, height * 0.29)


def _draw_logo(draw: ImageDraw.ImageDraw, artwork: Artwork, chance: random.Random, size: tuple[int, int]) -> None:
    palette = PALETTES[chance.randrange(len(PALETTES))]
    width, height = size
    draw.rectangle((0, 0, width, height), palette.deep)
    draw.polygon([(0, height), (width, height * 0.35), (width, height)], palette.middle)
    draw.rectangle((0, height * 0.93, width, height), palette.spark)
    _write(draw, readable(artwork.text), (width * 0.5, height * 0.47), height * 0.5)


def _draw_tag(draw: ImageDraw.ImageDraw, artwork: Artwork, size: tuple[int, int]) -> None:
    palette = BY_CATEGORY.get(artwork.category, PALETTES[7])
    width, height = size
    draw.rectangle((0, 0, width, height), palette.ground)
    radius = width * 0.44
    draw.ellipse((width / 2 - radius, height / 2 - radius, width / 2 + radius, height / 2 + radius), palette.deep)
    if not draw_symbol(draw, artwork.symbol, size, palette.light, palette.spark, palette.deep):
        _write(draw, readable(artwork.text), (width / 2, height / 2), height * 0.42)


def _write(draw: ImageDraw.ImageDraw, text: str, centre: tuple[float, float], height: float) -> None:
    """Initials in white."""
    font = ImageFont.load_default(height)
    draw.text(centre, text, font=font, anchor="mm", fill=(255, 255, 255), stroke_width=max(1, round(height / 40)))


def readable(text: str) -> str:
    """What of a text the font can show."""
    font = ImageFont.load_default(20)
    unknown = bytes(font.getmask("\uffff"))
    return "".join(letter for letter in text if bytes(font.getmask(letter)) not in {unknown, b""})


def _discs(draw: ImageDraw.ImageDraw, palette: Palette, chance: random.Random, size: tuple[int, int]) -> None:
    """Large discs that overlap, and one small bright one."""
    width, height = size
    for colour, share in ((palette.deep, 0.62), (palette.middle, 0.42), (palette.light, 0.24)):
        x, y = chance.uniform(0.05, 0.95) * width, chance.uniform(0.1, 0.9) * height
        _disc(draw, x, y, share * height, (*colour, 235))
    _disc(draw, chance.uniform(0.1, 0.9) * width, chance.uniform(0.12, 0.3) * height, height * 0.06, palette.spark)


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, colour: tuple[int, ...]) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)


def _waves(draw: ImageDraw.ImageDraw, palette: Palette, chance: random.Random, size: tuple[int, int]) -> None:
    """Hills behind hills, and a sun."""
    width, height = size
    _disc(draw, chance.uniform(0.15, 0.85) * width, height * chance.uniform(0.2, 0.34), height * 0.12, palette.spark)
    for level, colour in ((0.42, palette.deep), (0.58, palette.middle), (0.76, palette.light)):
        phase, swing, length = chance.uniform(0, 6.28), chance.uniform(0.05, 0.11), chance.uniform(0.7, 1.5)
        line = []
        for step in range(91):
            across = step / 90
            rise = swing * math.sin(phase + across * 6.28 * length) + 0.02 * math.sin(phase + across * 28)
            line.append((across * width, height * (level + rise)))
        draw.polygon([*line, (width, height), (0, height)], colour)


def _rings(draw: ImageDraw.ImageDraw, palette: Palette, chance: random.Random, size: tuple[int, int]) -> None:
    """Rings around a point near a corner."""
    width, height = size
    x, y = chance.choice((0.12, 0.88)) * width, chance.choice((0.15, 0.85)) * height
    step = height * chance.uniform(0.12, 0.17)
    colours = (palette.deep, palette.ground, palette.middle, palette.ground, palette.deep, palette.light)
    for number in range(11, 0, -1):
        _disc(draw, x, y, number * step, colours[number % len(colours)])
    _disc(draw, x, y, step * 0.8, palette.spark)


def _ribbons(draw: ImageDraw.ImageDraw, palette: Palette, chance: random.Random, size: tuple[int, int]) -> None:
    """Slanted ribbons of different breadth."""
    width, height = size
    slant = height * chance.choice((-0.6, 0.6, 0.9))
    x = -abs(slant)
    colours = [palette.deep, palette.middle, palette.deep, palette.light, palette.deep, palette.spark]
    number = chance.randrange(len(colours))
    while x < width + abs(slant):
        breadth = width * chance.uniform(0.03, 0.14)
        if colours[number % len(colours)] == palette.spark:
            breadth = width * 0.02
        edge = [(x + slant, 0), (x + breadth + slant, 0), (x + breadth, height), (x, height)]
        draw.polygon(edge, colours[number % len(colours)])
        x += breadth + width * chance.uniform(0.02, 0.09)
        number += 1


def _tiles(draw: ImageDraw.ImageDraw, palette: Palette, chance: random.Random, size: tuple[int, int]) -> None:
    """Quarter discs on a grid."""
    width, height = size
    side = height / chance.choice((4, 5))
    colours = (palette.deep, palette.deep, palette.middle, palette.middle, palette.light)
    for column in range(math.ceil(width / side)):
        for row in range(math.ceil(height / side)):
            x, y, turn = column * side, row * side, chance.randrange(4)
            corner = ((x, y), (x - side, y), (x - side, y - side), (x, y - side))[turn]
            box = (*corner, corner[0] + 2 * side, corner[1] + 2 * side)
            start = (180, 270, 0, 90)[turn]
            colour = palette.spark if chance.random() < 0.05 else chance.choice(colours)
            draw.pieslice(box, start, start + 90, colour)


def _network(draw: ImageDraw.ImageDraw, palette: Palette, chance: random.Random, size: tuple[int, int]) -> None:
    """Points and the lines between neighbours."""
    width, height = size
    columns, rows = 7, 5
    points = [
        (
            (column + chance.uniform(0.15, 0.85)) * width / columns,
            (row + chance.uniform(0.15, 0.85)) * height / rows,
        )
        for column in range(columns)
        for row in range(rows)
    ]
    reach = height * 0.3
    for number, first in enumerate(points):
        for second in points[number + 1 :]:
            if math.dist(first, second) < reach:
                draw.line((first, second), palette.deep, width=round(height * 0.008))
    for point in points:
        colour = chance.choice((palette.middle, palette.middle, palette.light, palette.spark))
        _disc(draw, *point, height * chance.uniform(0.015, 0.04), colour)


Pattern = Callable[[ImageDraw.ImageDraw, Palette, random.Random, tuple[int, int]], None]
PATTERNS: tuple[Pattern, ...] = (_discs, _waves, _rings, _ribbons, _tiles, _network)
