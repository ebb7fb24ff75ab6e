"""Plain Pillow: the same sizes of a picture in the same formats, without any check. Used by `pictures.py`.

`python plain_pictures.py PICTURE FOLDER`
"""

import sys
from pathlib import Path

from PIL import Image, ImageOps

SIZES = {"thumbnail": (360, 256), "card": (720, 512), "background": (1440, 1024)}


def main(picture: Path, folder: Path) -> None:
    """Writes six files: each size in the picture's own format, and as WebP."""
    with Image.open(picture) as opened:
        kind = opened.format or "PNG"
        whole = opened.convert("RGB")
    options = {"quality": 88, "optimize": True, "progressive": True} if kind == "JPEG" else {}
    for name, size in SIZES.items():
        cut = ImageOps.fit(whole, size, Image.Resampling.LANCZOS)
        cut.save(folder / f"{name}.{kind.lower()}", kind, **options)
        cut.save(folder / f"{name}.webp", "WEBP", quality=84, method=3)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
