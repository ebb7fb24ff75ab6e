"""Looks at the bytes of an uploaded file before anything decodes them: what it is, how large, how odd."""

import struct

from modelyard.adapters.imaging.base import LARGEST_FILE, MOST_PIXELS, PictureRejected, PictureTooLarge

MOST_CHUNKS = 20_000
"""Of a PNG; a real one has some hundreds."""
MOST_SCANS = 200
"""Of a JPEG, each of which decodes the whole picture once more; a real one has ten."""
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_OTHERS = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"%PDF", "a PDF"),
    (b"8BPS", "a Photoshop"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000"),
)
_IMAGE_BRANDS = {b"avif": "an AVIF", b"avis": "an AVIF", b"heic": "a HEIC", b"heix": "a HEIC", b"mif1": "a HEIC"}


def inspect(data: bytes) -> str:
    """`PNG` or `JPEG`. Raises PictureRejected, PictureTooLarge."""
    if len(data) > LARGEST_FILE:
        raise PictureTooLarge
    if not data:
        raise PictureRejected("The file is empty; send a JPEG or PNG picture.")
    if data.startswith(PNG):
        _walk_png(data)
        return "PNG"
    if data.startswith(JPEG):
        if data.count(b"\xff\xda") > MOST_SCANS:
            raise PictureRejected(f"The JPEG has more than {MOST_SCANS} scans; save it anew, then try again.")
        return "JPEG"
    raise PictureRejected(_explain(data))


def _explain(data: bytes) -> str:
    advice = "save it as JPEG or PNG, then try again."
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) and b"<svg" in data[:65_536].lower():
        return f"The file is an SVG drawing, which can hold programs, so it is not taken; {advice}"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return f"The file is a WebP picture; {advice}"
    if data[4:8] == b"ftyp" and data[8:12] in _IMAGE_BRANDS:
        return f"The file is {_IMAGE_BRANDS[data[8:12]]} picture; {advice}"
    for beginning, name in _OTHERS:
        if data.startswith(beginning):
            return f"The file is {name} file; {advice}"
    return "The file is no JPEG or PNG picture, whatever its name says."


def _walk_png(data: bytes) -> None:
    """Reads the header, and counts the chunks without decoding any."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise PictureRejected("The file begins as a PNG picture, but ends too early.")
    width, height = struct.unpack(">II", data[16:24])
    if not width or not height:
        raise PictureRejected(f"The picture has {width} x {height} pixels, so it shows nothing.")
    require_pixels(width, height)
    place = len(PNG)
    for _ in range(MOST_CHUNKS):
        if place + 8 > len(data) or data[place + 4 : place + 8] == b"IEND":
            return
        place += 12 + int.from_bytes(data[place : place + 4])
    raise PictureRejected(f"The PNG has more than {MOST_CHUNKS} chunks; save it anew, then try again.")


def require_pixels(width: int, height: int) -> None:
    """Raises PictureRejected for a picture that would fill the memory."""
    if width * height > MOST_PIXELS:
        raise PictureRejected(
            f"The picture has {width} x {height} pixels; at most {MOST_PIXELS} pixels in all are decoded."
        )
