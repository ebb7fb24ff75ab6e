"""Uploaded pictures, checked by their content and cut to the sizes in which they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from modelyard.core.errors import InvalidInput, TooLarge, Unavailable

LARGEST_FILE = 5_000_000
"""Bytes of an uploaded picture."""
MOST_PIXELS = 50_000_000


class PictureRejected(InvalidInput):
    """The file is not a picture that can be shown."""


class PictureTooLarge(TooLarge):
    """The file has too many bytes."""

    def __init__(self) -> None:
        super().__init__(
            f"A picture may have {LARGEST_FILE} bytes; this one is larger. Save it smaller, then try again."
        )


class PicturesBusy(Unavailable):
    """So many pictures wait to be cut that another one would wait too long."""

    def __init__(self) -> None:
        super().__init__("Too many pictures are being uploaded at the moment; try again in a minute.")


@dataclass(frozen=True, slots=True)
class Size:
    """One of the sizes, in pixels: cut around the centre, or as a `whole` fitted in and never enlarged."""

    width: int
    height: int
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Cutting:
    """What is to be made of a picture.

    Args:
        sizes: by name.
        smallest: width and height that it needs at least.
        better: what to advise who has a smaller one; empty: nothing.
    """

    sizes: Mapping[str, Size]
    smallest: tuple[int, int]
    better: str = ""


@dataclass(frozen=True, slots=True)
class Cut:
    """One size of a picture in two formats."""

    original: bytes
    webp: bytes


@dataclass(frozen=True, slots=True)
class CutPicture:
    """A picture in all sizes, by name. `extension` is that of the format it came in: `jpg` or `png`."""

    extension: str
    cuts: Mapping[str, Cut]


class PictureCutter(Protocol):
    """Whatever decodes pictures. What it gives back is encoded anew: nothing but the picture itself is kept."""

    async def cut(self, data: bytes, wanted: Cutting) -> CutPicture:
        """Cuts a JPEG or PNG. Raises PictureRejected, PictureTooLarge, PicturesBusy."""


class Motif(StrEnum):
    """What a drawn picture stands for."""

    MODEL = "model"
    LOGO = "logo"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Artwork:
    """All that a drawn picture depends on; the same gives the same picture.

    Args:
        seed: decides colours and shapes.
        text: initials to write.
        symbol: the name of a pictogram to draw in place of the initials.
        category: decides the colours of a tag.
    """

    motif: Motif
    seed: str
    text: str
    symbol: str = ""
    category: str = ""


class PictureArtist(Protocol):
    """Whatever draws pictures for what has none."""

    async def draw(self, artwork: Artwork, width: int, height: int, extension: str) -> bytes:
        """The picture in pixels, as `png` or `webp`."""
