"""What all pictures of the example models are drawn with: colours, fonts, light, and the size."""

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


def label(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int, colour: Colour, name: str = FONT
) -> None:
    """A text that begins at a point of the picture."""
    pen.text((at[0] * SCALE, at[1] * SCALE), text, font=font(name, size), fill=colour)
