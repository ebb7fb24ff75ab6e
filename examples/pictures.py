"""Draws the pictures of the example models: `python -m examples.pictures` writes each `picture.png` anew.

Each picture shows what the model does to one real input; the numbers are those that the models give.
"""

import array
import itertools
import json
import math
import random
import wave

from PIL import Image, ImageDraw

from examples.canvas import EXAMPLES, FONT, MONO, SCALE, SIZE, Colour, blend, canvas, font, glow, label, save
from examples.digits.drawing import STROKES, smooth


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


def draw_digits() -> None:
    """The sample five: its ink, the cells that it is reduced to, and around it what people write."""
    image = canvas((17, 24, 58), (42, 20, 66))
    glow(image, (720, 500), 520, (96, 84, 230), 120)
    pen = ImageDraw.Draw(image)
    chance = random.Random(4)  # noqa: S311
    for row, column in itertools.product(range(7), range(10)):
        digit = chance.choice("0123456789")
        x, y = 16 + column * 144 + (row % 2) * 60 - 40, row * 150 - 14
        stroke = blend((30, 30, 76), (120, 120, 210), 0.25 + 0.3 * chance.random())
        for line in STROKES[digit]:
            points = [((x + 70 * px) * SCALE, (y + 22 + 96 * py) * SCALE) for px, py in smooth(line, 10)]
            pen.line(points, fill=stroke, width=7 * SCALE, joint="curve")
    left, top, cell = 440, 150, 70
    pen.rounded_rectangle(
        [value * SCALE for value in (left - 30, top - 30, left + 590, top + 760)],
        radius=36 * SCALE, fill=(16, 18, 48), outline=(126, 118, 255), width=3 * SCALE,
    )  # fmt: skip
    for y, x in itertools.product(range(8), range(8)):
        ink = cells_of_the_sample()[y * 8 + x]
        box = [(left + x * cell + 3) * SCALE, (top + y * cell + 3) * SCALE]
        box += [(left + x * cell + cell - 3) * SCALE, (top + y * cell + cell - 3) * SCALE]
        pen.rounded_rectangle(box, radius=12 * SCALE, fill=blend((28, 30, 70), (255, 190, 92), ink))
    label(pen, (left + 8, top + 584), "5", 104, (255, 206, 128), MONO)
    label(pen, (left + 104, top + 612), "score 1.00", 34, (214, 212, 255))
    label(pen, (left + 104, top + 660), "8 × 8 cells, 48 in between, 10 answers", 21, (150, 148, 214))
    save(image, "digits")


def cells_of_the_sample() -> list[float]:
    """How much of each cell is ink, 0 to 1, as the model counts it."""
    grey = Image.open(EXAMPLES / "digits" / "sample.png").convert("L").point(lambda value: 255 * (value < 150))
    left, top, right, bottom = grey.getbbox() or (0, 0, *grey.size)
    side = max(right - left, bottom - top)
    centre = ((left + right - side) // 2, (top + bottom - side) // 2)
    square = grey.crop((*centre, centre[0] + side, centre[1] + side))
    return [value / 255 for value in square.resize((8, 8), Image.Resampling.BOX).tobytes()]


def draw_speech() -> None:
    """The sample's wave; where the model hears speech it is lit, with the seconds below."""
    image = canvas((8, 26, 44), (6, 54, 62))
    pieces = [(0.75, 1.47), (2.40, 3.45)]
    seconds, left, width, middle = 4.01, 90, 1260, 470
    for start, end in pieces:
        glow(image, (left + width * (start + end) / 2 / seconds, middle), 330, (72, 220, 190), 90)
    pen = ImageDraw.Draw(image)
    with wave.open(str(EXAMPLES / "speech" / "sample.wav")) as sound:
        samples = array.array("h", sound.readframes(sound.getnframes()))
    bars = 180
    for place in range(bars):
        piece = samples[place * len(samples) // bars : (place + 1) * len(samples) // bars]
        loud = max(4.0, 300 * (max(map(abs, piece)) / 13_000) ** 0.8)
        at = (place + 0.5) * seconds / bars
        spoken = any(start <= at < end for start, end in pieces)
        x = left + width * place / bars
        colour = blend((96, 240, 206), (255, 214, 130), 0.5 + 0.5 * math.sin(at * 5)) if spoken else (52, 104, 118)
        box = [value * SCALE for value in (x, middle - loud, x + 4.4, middle + loud)]
        pen.rounded_rectangle(box, radius=2.2 * SCALE, fill=colour)
    for start, end in pieces:
        first, last = left + width * start / seconds, left + width * end / seconds
        pen.rounded_rectangle(
            [value * SCALE for value in (first - 8, 818, last + 8, 886)], radius=18 * SCALE, fill=(14, 74, 80),
            outline=(96, 240, 206), width=2 * SCALE,
        )  # fmt: skip
        text = f"{start:.2f} – {end:.2f} s"
        pen.text(
            ((first + last) / 2 * SCALE, 852 * SCALE), text, font=font(FONT, 27), fill=(206, 255, 242), anchor="mm"
        )
    for second in range(5):
        x = left + width * second / seconds
        pen.line([x * SCALE, 928 * SCALE, x * SCALE, 944 * SCALE], fill=(90, 150, 160), width=2 * SCALE)
        label(pen, (x - 7, 950), str(second), 21, (130, 186, 194), MONO)
    save(image, "speech")


FORECAST = [59.4, 63.3, 77.1, 97.9, 117.9, 130.4, 136.9, 136.2, 120.6, 100.5, 83.2, 67.9]
SPREAD = [11.1, 11.1, 11.2, 11.2, 11.2, 11.2, 11.3, 11.3, 11.4, 11.4, 11.5, 11.5]


def draw_forecast() -> None:
    """Six summers of ice cream, and what the model expects of the seventh."""
    image = canvas((40, 20, 34), (92, 40, 36))
    glow(image, (1270, 250), 420, (255, 150, 84), 130)
    pen = ImageDraw.Draw(image)
    values = json.loads((EXAMPLES / "forecast" / "sample.json").read_text(encoding="utf-8"))["values"]
    step = 1300 / (len(values) + len(FORECAST) - 1)

    def at(month: float, value: float) -> tuple[float, float]:
        return (70 + month * step) * SCALE, (890 - value * 4.6) * SCALE

    for value in range(0, 176, 25):
        pen.line([at(0, value), at(83, value)], fill=(92, 52, 56), width=SCALE)
        label(pen, (24, 878 - value * 4.6), str(value), 17, (170, 120, 116), MONO)
    for year in range(7):
        x = at(year * 12, 0)[0] / SCALE
        label(pen, (x, 912), f"year {year + 1}", 20, (206, 150, 140))
    ground = [at(0, 0), *(at(month, value) for month, value in enumerate(values)), at(len(values) - 1, 0)]
    pen.polygon(ground, fill=(74, 36, 46))
    for share, colour in ((1.0, (150, 74, 52)), (0.62, (186, 92, 56)), (0.3, (222, 116, 62))):
        upper = [at(72 + month, value + SPREAD[month] * share) for month, value in enumerate(FORECAST)]
        lower = [at(72 + month, value - SPREAD[month] * share) for month, value in enumerate(FORECAST)]
        pen.polygon([at(71, values[-1]), *upper, *reversed(lower)], fill=colour)
    pen.line(
        [at(month, value) for month, value in enumerate(values)], fill=(255, 196, 170), width=4 * SCALE, joint="curve"
    )
    coming = [at(71, values[-1]), *(at(72 + month, value) for month, value in enumerate(FORECAST))]
    pen.line(coming, fill=(255, 240, 214), width=6 * SCALE, joint="curve")
    for x, y in coming[1:]:
        pen.ellipse((x - 7 * SCALE, y - 7 * SCALE, x + 7 * SCALE, y + 7 * SCALE), fill=(255, 250, 240))
    label(pen, (880, 110), "next July: 137 ± 11", 46, (255, 232, 206))
    save(image, "forecast")


if __name__ == "__main__":
    draw_sentiment()
    draw_file_type()
    draw_digits()
    draw_speech()
    draw_forecast()
