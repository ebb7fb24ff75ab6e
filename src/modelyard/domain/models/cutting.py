"""Checks uploaded pictures by their content, and cuts them to the sizes in which the library shows them."""

import io
import secrets
import struct

from PIL import Image, ImageOps

from modelyard.core.errors import InvalidInput, TooLarge
from modelyard.domain.models.pictures import LARGEST_FILE, CutPicture

SMALLEST = (1024, 576)
SMALLEST_PORTRAIT = (32, 32)
PORTRAIT = (256, 256)
MOST_PIXELS = 50_000_000
SIZES = {"thumbnail": (360, 256), "card": (720, 512), "background": (1440, 1024)}
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to make a picture upright, by its EXIF orientation."""
_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png"}


class PictureRejected(InvalidInput):
    """The file is not a picture that the library can show."""


def cut_picture(data: bytes) -> list[CutPicture]:
    """Decodes a JPEG or PNG and cuts it around its centre; metadata is left behind. Takes a while: use a thread.

    Raises PictureRejected, TooLarge.
    """
    picture, kind = _clean(data, SMALLEST)
    return [_cut(picture, relation, size, kind) for relation, size in SIZES.items()]


def cut_portrait(data: bytes) -> CutPicture:
    """The same for the picture of a person, which has one size."""
    picture, kind = _clean(data, SMALLEST_PORTRAIT)
    return _cut(picture, "portrait", PORTRAIT, kind)


def _clean(data: bytes, smallest: tuple[int, int]) -> tuple[Image.Image, str]:
    """The picture without anything else that the file holds, and the format to save it in."""
    if len(data) > LARGEST_FILE:
        raise TooLarge(f"A picture may have {LARGEST_FILE} bytes; this one is larger.")
    picture = _decode(data, smallest)
    kind = "PNG" if picture.mode in {"RGBA", "LA", "P"} else "JPEG"
    picture = picture.convert("RGBA" if kind == "PNG" else "RGB")
    picture.info.clear()  # comments, profiles, positions
    return picture, kind


def _decode(data: bytes, smallest: tuple[int, int]) -> Image.Image:
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=list(_FORMATS))
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureRejected(f"The picture has more than {MOST_PIXELS} pixels.")
        picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Warning) as error:
        raise PictureRejected(f"The file is not a whole JPEG or PNG picture ({type(error).__name__}).") from None
    picture = _upright(picture)
    if picture.width < smallest[0] or picture.height < smallest[1]:
        advice = ", better 1440 x 1024" if smallest == SMALLEST else ""
        raise PictureRejected(
            f"The picture has {picture.width} x {picture.height} pixels; "
            f"it needs at least {smallest[0]} x {smallest[1]}{advice}."
        )
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(_ORIENTATION)
    except (OSError, SyntaxError, ValueError, LookupError, struct.error, Warning):
        return picture  # cameras write broken EXIF, too
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def _cut(picture: Image.Image, relation: str, size: tuple[int, int], kind: str) -> CutPicture:
    buffer = io.BytesIO()
    ImageOps.fit(picture, size, Image.Resampling.LANCZOS).save(buffer, kind, optimize=kind == "JPEG", quality=88)
    extension = "png" if kind == "PNG" else "jpg"
    address = f"{secrets.token_hex(16)}_{relation}.{extension}"
    return CutPicture(relation, address, _FORMATS[kind], buffer.getvalue())
