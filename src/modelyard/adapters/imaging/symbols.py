"""Small pictograms for tags, drawn in a square of 100 by 100."""

import math
from collections.abc import Callable, Mapping, Sequence

from PIL import ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]


class Pen:
    """Draws in a square of 100 by 100, whatever the picture's size: `main` and `spark` on the colour `ground`."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, size: tuple[int, int], main: Colour, spark: Colour, ground: Colour
    ) -> None:
        self.main, self.spark, self.ground = main, spark, ground
        self._draw = draw
        self._scale = min(size) / 100
        self._left, self._top = (size[0] - min(size)) / 2, (size[1] - min(size)) / 2

    def _at(self, point: Point) -> Point:
        return self._left + point[0] * self._scale, self._top + point[1] * self._scale

    def line(self, *points: Point, breadth: float = 4, colour: Colour | None = None) -> None:
        """A line with round ends and joints."""
        colour = colour or self.main
        self._draw.line([self._at(point) for point in points], colour, round(breadth * self._scale), "curve")
        for point in (points[0], points[-1]):
            self.disc(*point, breadth / 2 - 0.45, colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour | None = None) -> None:
        """A filled circle."""
        box = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.ellipse(box, colour or self.main)

    def ring(self, x: float, y: float, radius: float, breadth: float = 4, colour: Colour | None = None) -> None:
        """A circle."""
        box = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.ellipse(box, None, colour or self.main, round(breadth * self._scale))

    def box(self, *edges: float, round_by: float = 4, breadth: float = 0, colour: Colour | None = None) -> None:
        """A rectangle with round corners: left, top, right, bottom; filled unless it has a breadth."""
        colour = colour or self.main
        box = (*self._at((edges[0], edges[1])), *self._at((edges[2], edges[3])))
        fill, outline = (None, colour) if breadth else (colour, None)
        self._draw.rounded_rectangle(box, round_by * self._scale, fill, outline, round(breadth * self._scale))

    def shape(self, *points: Point, colour: Colour | None = None) -> None:
        """A filled polygon."""
        self._draw.polygon([self._at(point) for point in points], colour or self.main)

    def arc(
        self, *circle: float, angles: tuple[float, float], breadth: float = 4, colour: Colour | None = None
    ) -> None:
        """A part of a circle: x, y, radius; degrees clockwise from the right."""
        x, y, radius = circle
        box = (*self._at((x - radius, y - radius)), *self._at((x + radius, y + radius)))
        self._draw.arc(box, *angles, colour or self.main, round(breadth * self._scale))


def draw_symbol(
    draw: ImageDraw.ImageDraw, name: str, size: tuple[int, int], main: Colour, spark: Colour, ground: Colour
) -> bool:
    """Draws the pictogram of a predefined tag; False when there is none of this name."""
    if symbol := SYMBOLS.get(name):
        symbol(Pen(draw, size, main, spark, ground))
    return symbol is not None


def _around(x: float, y: float, radius: float, degrees: float) -> Point:
    angle = math.radians(degrees)
    return x + radius * math.cos(angle), y + radius * math.sin(angle)


def _audio(pen: Pen) -> None:
    for number, height in enumerate((10, 24, 38, 20, 30, 14, 8)):
        x = 26 + number * 8
        pen.line((x, 50 - height / 2), (x, 50 + height / 2), colour=pen.spark if number == 2 else None)


def _binary(pen: Pen) -> None:
    for row, bits in enumerate(("101", "011", "110")):
        for column, bit in enumerate(bits):
            x, y = 33 + column * 17, 33 + row * 17
            if bit == "1":
                pen.line((x, y - 5), (x, y + 5), colour=pen.spark if row == column == 0 else None)
            else:
                pen.ring(x, y, 6.5, 3.5)


def _image(pen: Pen) -> None:
    pen.box(24, 30, 76, 70, round_by=5, breadth=4)
    pen.disc(61, 42, 5, pen.spark)
    pen.shape((29, 66), (43, 44), (53, 58), (59, 51), (71, 66))


def _signal(pen: Pen) -> None:
    pen.disc(50, 60, 5, pen.spark)
    for radius in (13, 22, 31):
        pen.arc(50, 60, radius, angles=(220, 320))


def _time_series(pen: Pen) -> None:
    pen.line((27, 28), (27, 70), (75, 70), breadth=3.5)
    points = [(34.0, 60.0), (44.0, 46.0), (54.0, 54.0), (70.0, 33.0)]
    pen.line(*points, breadth=3.5)
    for point in points:
        pen.disc(*point, 4, pen.spark if point == points[-1] else None)


def _label(pen: Pen) -> None:
    pen.shape((26, 33), (56, 33), (76, 50), (56, 67), (26, 67))
    pen.disc(59, 50, 5, pen.ground)
    pen.line((33, 44), (47, 44), breadth=3, colour=pen.ground)
    pen.line((33, 56), (44, 56), breadth=3, colour=pen.ground)
    pen.disc(59, 50, 2.6, pen.spark)


def _count(pen: Pen) -> None:
    for x in (32, 42, 52, 62):
        pen.line((x, 33), (x, 67))
    pen.line((26, 62), (70, 38), colour=pen.spark)


def _enhance(pen: Pen) -> None:
    pen.line((30, 70), (56, 44), breadth=7)
    for x, y, reach in ((66.0, 34.0, 12.0), (40.0, 32.0, 6.0), (70.0, 60.0, 6.0)):
        tips = [_around(x, y, reach if turn % 2 == 0 else reach * 0.3, turn * 45) for turn in range(8)]
        pen.shape(*tips, colour=pen.spark)


def _forecast(pen: Pen) -> None:
    for x, top in ((31, 60), (43, 52), (55, 44)):
        pen.box(x - 4, top, x + 4, 70, round_by=2)
    for dot, y in ((60.0, 37.0), (66.0, 32.0)):
        pen.disc(dot, y, 2.2, pen.spark)
    pen.line((64, 27), (74, 26), (73, 36), colour=pen.spark)


def _locate(pen: Pen) -> None:
    for x, y, across, down in ((28, 30, 1, 1), (72, 30, -1, 1), (28, 70, 1, -1), (72, 70, -1, -1)):
        pen.line((x + 11 * across, y), (x, y), (x, y + 11 * down))
    pen.disc(50, 50, 8, pen.spark)


def _language(pen: Pen) -> None:
    pen.box(25, 29, 75, 63, round_by=8)
    pen.shape((36, 61), (36, 75), (51, 61))
    for y, right in ((40, 66), (48, 66), (56, 50)):
        pen.line((34, y), (right, y), breadth=3, colour=pen.spark if y == 56 else pen.ground)


def _colours(pen: Pen) -> None:
    pen.disc(42, 42, 15)
    pen.disc(60, 45, 13, pen.spark)
    pen.ring(50, 59, 14, 4)


def _computers(pen: Pen) -> None:
    for place in (38, 50, 62):
        for edge in (((place, 24), (place, 76)), ((24, place), (76, place))):
            pen.line(*edge, breadth=3.5)
    pen.box(31, 31, 69, 69, round_by=5)
    pen.box(41, 41, 59, 59, round_by=3, colour=pen.ground)
    pen.box(45, 45, 55, 55, round_by=2, colour=pen.spark)


def _machinery(pen: Pen) -> None:
    for turn in range(8):
        pen.line(_around(50, 50, 14, turn * 45), _around(50, 50, 23, turn * 45), breadth=9)
    pen.disc(50, 50, 19)
    pen.disc(50, 50, 9, pen.ground)
    pen.disc(50, 50, 4, pen.spark)


def _food(pen: Pen) -> None:
    pen.disc(42, 54, 15)
    pen.disc(58, 54, 15)
    pen.disc(50, 59, 15)
    pen.line((50, 42), (52, 30), breadth=3.5)
    pen.shape((54, 36), (64, 26), (70, 28), (66, 36), colour=pen.spark)


def _buildings(pen: Pen) -> None:
    for left, top, right in ((26, 46, 42), (44, 28, 58), (60, 40, 74)):
        pen.box(left, top, right, 72, round_by=2)
    for x, y in ((48.5, 36), (53.5, 36), (48.5, 46), (53.5, 46), (33, 54), (65, 48)):
        pen.box(x - 1.8, y - 2.4, x + 1.8, y + 2.4, round_by=0.5, colour=pen.spark if y == 36 else pen.ground)


def _people(pen: Pen) -> None:
    pen.disc(40, 38, 9)
    pen.shape((24, 70), (28, 56), (40, 50), (52, 56), (56, 70))
    pen.disc(62, 42, 7, pen.spark)
    pen.shape((59, 70), (57, 56), (63, 52), (72, 57), (76, 70), colour=pen.spark)


def _space(pen: Pen) -> None:
    pen.disc(50, 50, 16)
    pen.line(*(_tilted(50, 50, 29, 9, turn * 10) for turn in range(-3, 22)), breadth=3.5, colour=pen.spark)
    pen.disc(69, 28, 2.5)
    pen.disc(30, 70, 2)


def _tilted(x: float, y: float, wide: float, high: float, degrees: float) -> Point:
    angle, tilt = math.radians(degrees), math.radians(-24)
    across, down = wide * math.cos(angle), high * math.sin(angle)
    return x + across * math.cos(tilt) - down * math.sin(tilt), y + across * math.sin(tilt) + down * math.cos(tilt)


def _ideas(pen: Pen) -> None:
    pen.disc(50, 43, 16)
    pen.box(43, 54, 57, 64, round_by=2)
    for y in (67, 72):
        pen.line((45, y), (55, y), breadth=2.6, colour=pen.spark)
    pen.line((50, 60), (50, 48), breadth=2.6, colour=pen.ground)
    pen.line((44, 44), (50, 49), (56, 44), breadth=2.6, colour=pen.ground)


def _vehicles(pen: Pen) -> None:
    pen.shape((33, 48), (40, 34), (60, 34), (68, 48))
    pen.box(23, 46, 77, 62, round_by=5)
    pen.shape((39, 46), (43, 38), (49, 38), (49, 46), colour=pen.ground)
    pen.shape((52, 38), (58, 38), (63, 46), (52, 46), colour=pen.ground)
    for x in (36.0, 64.0):
        pen.disc(x, 63, 7.5, pen.ground)
        pen.disc(x, 63, 5.5, pen.spark)


def _video(pen: Pen) -> None:
    pen.box(24, 31, 76, 69, round_by=6)
    for x in (31, 40, 50, 60, 69):
        for y in (36, 64):
            pen.box(x - 2, y - 1.6, x + 2, y + 1.6, round_by=1, colour=pen.ground)
    pen.shape((44, 42), (59, 50), (44, 58), colour=pen.spark)


SYMBOLS: Mapping[str, Callable[[Pen], None]] = {
    "audio": _audio,
    "binary": _binary,
    "image": _image,
    "signal": _signal,
    "time_series": _time_series,
    "label_or_classify": _label,
    "count": _count,
    "enhance_or_preprocess": _enhance,
    "forecast_or_estimate": _forecast,
    "locate_or_detect": _locate,
    "language_and_text": _language,
    "colors,_textures,_and_patterns": _colours,
    "computers_and_software": _computers,
    "equipment_and_machinery": _machinery,
    "food": _food,
    "infrastructure_and_buildings": _buildings,
    "people_and_activities": _people,
    "satellites_and_space": _space,
    "topics,_ideas,_and_sentiment": _ideas,
    "vehicles_and_transportation": _vehicles,
    "video,_images,_and_illustrations": _video,
}


def known_symbols() -> Sequence[str]:
    """The tags that have one."""
    return list(SYMBOLS)
