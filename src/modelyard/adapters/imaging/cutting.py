"""Decodes pictures with Pillow and cuts them to size. Slow, and as safe as its decoders: see `child.py`."""

import io
import struct
import warnings
import zlib
from typing import Any

from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from modelyard.adapters.imaging.base import Cut, CutPicture, Cutting, PictureRejected, Size
from modelyard.adapters.imaging.inspection import inspect, require_pixels
from modelyard.adapters.imaging.soundness import require_sound

LARGEST_PROFILE = 4_000_000
JPEG_QUALITY = 88
WEBP_QUALITY = 84
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png"}
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
_BROKEN = (struct.error, zlib.error, ArithmeticError)
_DECODING = (OSError, SyntaxError, ValueError, LookupError, TypeError, MemoryError, *_BROKEN)
"""What decoders raise for files that are not what they say."""


def cut_picture(data: bytes, wanted: Cutting) -> CutPicture:
    """All sizes of a JPEG or PNG, without anything else that the file holds. Of a moving picture its first frame.

    Raises PictureRejected, PictureTooLarge.
    """
    kind = inspect(data)
    PngImagePlugin.MAX_TEXT_CHUNK = LARGEST_PROFILE  # also of a profile, once decompressed
    PngImagePlugin.MAX_TEXT_MEMORY = 2 * LARGEST_PROFILE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about oddities that do no harm: what does is checked
        picture = _decode(data, kind, wanted)
        cuts = {name: _encode(_resized(picture, size), kind) for name, size in wanted.sizes.items()}
    return CutPicture(_EXTENSIONS[kind], cuts)


def _decode(data: bytes, kind: str, wanted: Cutting) -> Image.Image:
    try:
        opened: Image.Image = Image.open(io.BytesIO(data), formats=[kind])
        require_pixels(opened.width, opened.height)
        orientation = _orientation(opened)
        swaps = orientation in {5, 6, 7, 8}
        _require_size((opened.height, opened.width) if swaps else opened.size, wanted)
        require_sound(data, kind)
        opened.load()
        picture = _in_srgb(_smaller(opened, wanted), opened.info.get("icc_profile"))
    except (Image.DecompressionBombError, *_DECODING) as error:
        raise PictureRejected(
            f"The file is not a whole {kind} picture; save it anew, then try again ({type(error).__name__})."
        ) from None
    picture.info.clear()  # comments, profiles, positions
    return picture.transpose(_TURNS[orientation]) if orientation in _TURNS else picture


def _require_size(size: tuple[int, int], wanted: Cutting) -> None:
    if size[0] < wanted.smallest[0] or size[1] < wanted.smallest[1]:
        raise PictureRejected(
            f"The picture has {size[0]} x {size[1]} pixels; "
            f"it needs at least {wanted.smallest[0]} x {wanted.smallest[1]}{wanted.better}."
        )


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except _DECODING:
        return 1  # cameras write broken EXIF, too


def _smaller(picture: Image.Image, wanted: Cutting) -> Image.Image:
    """A very large one is reduced at once, by whole numbers, so that what follows needs little memory."""
    if picture.mode not in {"RGB", "RGBA", "L", "LA", "CMYK"}:
        return picture
    most = max(side for size in wanted.sizes.values() for side in (size.width, size.height))
    factor = min(picture.width, picture.height) // (2 * most)
    return picture.reduce(factor) if factor > 1 else picture


def _in_srgb(picture: Image.Image, profile: Any) -> Image.Image:
    """As RGB, or RGBA where something is transparent, with the colours that its profile means."""
    if picture.mode.startswith("I") or picture.mode == "F":  # 16 bits of grey: Pillow would clip, not scale
        picture = picture.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    has_alpha = picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in picture.info
    if picture.mode not in {"RGB", "RGBA", "L", "CMYK"} or (has_alpha and picture.mode != "RGBA"):
        picture = picture.convert("RGBA" if has_alpha else "RGB")
    if isinstance(profile, bytes) and 128 <= len(profile) <= LARGEST_PROFILE:
        picture = _translated(picture, profile)
    return picture.convert("RGBA" if has_alpha else "RGB")


def _translated(picture: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        translated = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, *_DECODING):
        return picture  # a profile that is broken, or of another kind of picture
    return translated or picture


def _resized(picture: Image.Image, size: Size) -> Image.Image:
    box = (size.width, size.height)
    if not size.whole:
        return ImageOps.fit(picture, box, Image.Resampling.LANCZOS)
    fits = picture.width <= size.width and picture.height <= size.height
    return picture if fits else ImageOps.contain(picture, box, Image.Resampling.LANCZOS)


def _encode(picture: Image.Image, kind: str) -> Cut:
    original, webp = io.BytesIO(), io.BytesIO()
    if kind == "PNG":
        picture.save(original, "PNG")
    else:
        picture.convert("RGB").save(original, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    picture.save(webp, "WEBP", quality=WEBP_QUALITY, method=3)
    return Cut(original.getvalue(), webp.getvalue())
