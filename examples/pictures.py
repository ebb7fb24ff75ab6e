"""Draws the pictures of the example models: `python examples/pictures.py` writes each `picture.png` anew.

Each picture shows what the model does to one real input; the numbers are those that the models give.
"""

import itertools
import math
import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

EXAMPLES = Path(__file__).resolve().parent
SIZE = (1440, 1024)
SCALE = 2  # drawn larger and reduced, for smooth edges
Colour = tuple[int, int, int]
FONT = "DejaVuSans.ttf"
MONO = "DejaVuSansMono.ttf"


def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """A font at picture size."""
    return ImageFont.truetype(name, size * SCALE)


def blend(first: Colour, second: Colour, share: float) -> Colour:
    """A colour between two; share 0 is the first."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def canvas(top: Colour, bottom: Colour) -> Image.Image:
    """A vertical gradient at drawing size."""
    strip = Image.new("RGB", (1, 256))
    for row in range(256):
        strip.putpixel((0, row), blend(top, bottom, row / 255))
    return strip.resize((SIZE[0] * SCALE, SIZE[1] * SCALE), Image.Resampling.BICUBIC)


def save(image: Image.Image, name: str) -> None:
    """Reduces to the final size and writes it."""
    reduced = image.resize(SIZE, Image.Resampling.LANCZOS)
    reduced.save(EXAMPLES / name / "picture.png", optimize=True)


def glow(image: Image.Image, centre: tuple[float, float], radius: float, colour: Colour, strength: int) -> None:
    """A soft light."""
    mask = Image.new("L", (SIZE[0] // 2, SIZE[1] // 2), 0)
    x, y, r = centre[0] / 2, centre[1] / 2, radius / 2
    ImageDraw.Draw(mask).ellipse((x - r, y - r, x + r, y + r), fill=strength)
    mask = mask.filter(ImageFilter.GaussianBlur(radius / 4)).resize(image.size)
    image.paste(Image.new("RGB", image.size, colour), (0, 0), mask)


def draw_sentiment() -> None:
    """Words on a wave that rises where they please and falls where they hurt."""
    image = canvas((24, 22, 48), (58, 30, 66))
    glow(image, (1130, 260), 420, (255, 170, 92), 120)
    glow(image, (300, 820), 380, (64, 108, 220), 110)
    pen = ImageDraw.Draw(image)
    cold, warm = (112, 150, 255), (255, 186, 104)
    for line in range(46):
        depth = line / 45
        points = []
        for x in range(-20, SIZE[0] + 21, 6):
            t = x / SIZE[0]
            swell = math.sin(t * 5.2 - 2.3 + depth * 0.9) * (150 - 70 * depth)
            ripple = math.sin(t * 23 + depth * 7) * 9 * (1 - depth)
            points.append((x * SCALE, (610 - 250 * (t - 0.42) + swell + ripple + depth * 330) * SCALE))
        for start, end in itertools.pairwise(points):
            share = min(1.0, max(0.0, start[0] / SCALE / SIZE[0] * 1.2 - 0.1))
            fade = blend(blend(cold, warm, share), (44, 27, 58), 0.12 + depth * 0.85)
            pen.line((start, end), fill=fade, width=round((3.4 - 2.2 * depth) * SCALE))
    words = [
        ("horribly slow", (110, 690), 46, cold),
        ("but", (430, 470), 38, (196, 190, 214)),
        ("lovely", (610, 300), 74, blend(cold, warm, 0.7)),
        ("VERY kind", (850, 150), 88, warm),
        ("gladly", (1130, 365), 58, blend(cold, warm, 0.9)),
    ]
    for text, (x, y), size, colour in words:
        pen.text((x * SCALE, y * SCALE), text, font=font(FONT, size), fill=colour)
    save(image, "sentiment")


def draw_file_type() -> None:
    """The bytes of a file, row by row, each in the colour of its kind, with a header that stands out."""
    image = canvas((9, 27, 32), (7, 47, 48))
    glow(image, (330, 220), 460, (34, 190, 160), 70)
    pen = ImageDraw.Draw(image)
    content = (EXAMPLES / "file-type" / "sample.bin").read_bytes()
    noise = random.Random(7)  # noqa: S311
    mono = font(MONO, 22)
    columns, rows, step_x, step_y = 24, 18, 56, 50
    for index in range(columns * rows):
        byte = content[index] if index < 100 else content[-(columns * rows - index)]
        x, y = 60 + index % columns * step_x, 74 + index // columns * step_y
        header = index < 16
        colour = kind_colour(byte)
        box = (x * SCALE, y * SCALE, (x + 46) * SCALE, (y + 38) * SCALE)
        shade = blend((8, 38, 42), colour, 1.0 if header else 0.10 + 0.22 * noise.random() * (byte > 0))
        pen.rounded_rectangle(box, radius=7 * SCALE, fill=shade)
        text = blend(shade, (6, 30, 33), 0.9) if header else blend((8, 38, 42), colour, 0.35 + 0.5 * (byte > 0))
        pen.text(((x + 23) * SCALE, (y + 19) * SCALE), f"{byte:02x}", font=mono, fill=text, anchor="mm")
    left, top = 480, 400
    panel = tuple(value * SCALE for value in (left, top, left + 740, top + 260))
    pen.rounded_rectangle(panel, radius=24 * SCALE, fill=(10, 40, 44), outline=(84, 226, 190), width=3 * SCALE)
    pen.text(((left + 44) * SCALE, (top + 36) * SCALE), "sqlite", font=font(MONO, 84), fill=(132, 246, 212))
    subtitle = "SQLite database · score 0.9999"
    pen.text(((left + 46) * SCALE, (top + 152) * SCALE), subtitle, font=font(FONT, 27), fill=(168, 208, 202))
    bar = [(left + 46) * SCALE, (top + 208) * SCALE, (left + 694) * SCALE, (top + 218) * SCALE]
    pen.rounded_rectangle(bar, radius=5 * SCALE, fill=(84, 226, 190))
    save(image, "file-type")


def kind_colour(byte: int) -> Colour:
    """Zero, control, text or high."""
    if byte == 0:
        return (40, 92, 96)
    if 32 <= byte < 127:
        return (84, 226, 190)
    return (255, 196, 92) if byte < 32 else (110, 176, 255)


if __name__ == "__main__":
    draw_sentiment()
    draw_file_type()
