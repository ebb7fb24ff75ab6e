"""Sizes, names and addresses of pictures: plain rules, without a database."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from modelyard.adapters.imaging.base import CutPicture, Cutting, Size

_BETTER = ", better 1440 x 1024"
PICTURE = Cutting(
    {"thumbnail": Size(360, 256), "card": Size(720, 512), "background": Size(1440, 1024)}, (1024, 576), _BETTER
)
SNAPSHOT = Cutting({"snapshot": Size(1440, 1024, whole=True)}, (1024, 576), _BETTER)
LOGO = Cutting({"logo": Size(512, 256, whole=True)}, (32, 32))
ICON = Cutting({"icon": Size(256, 256)}, (32, 32))
PORTRAIT = Cutting({"portrait": Size(256, 256)}, (32, 32))
SIZES: Mapping[str, Size] = {**PICTURE.sizes, **SNAPSHOT.sizes, **LOGO.sizes, **ICON.sizes}
MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
_ADDRESS = re.compile(rf"(.{{1,150}})_({'|'.join(SIZES)})\.({'|'.join(MEDIA_TYPES)})", re.DOTALL)


class PictureKind(StrEnum):
    """What an uploaded picture is of."""

    PICTURE = "picture"
    SNAPSHOT = "snapshot"
    LOGO = "logo"


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of a picture's address: which picture, which of its sizes, which format."""

    name: str
    relation: str
    extension: str

    @property
    def text(self) -> str:
        """The last part of the address that the picture is read from."""
        return f"{self.name}_{self.relation}.{self.extension}"

    @property
    def storage_key(self) -> str:
        """Where an uploaded picture of this address is kept."""
        return f"pictures/{self.text}"

    @property
    def media_type(self) -> str:
        """What it is."""
        return MEDIA_TYPES[self.extension]


def parse_address(text: str) -> Address | None:
    """The parts; None for what is no address of a picture."""
    found = _ADDRESS.fullmatch(text)
    return Address(*found.groups()) if found else None


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A picture that was cut, with the random name under which its files are kept."""

    id: str
    extension: str
    files: Mapping[Address, bytes]

    @property
    def relations(self) -> Sequence[str]:
        """The sizes that there are of it."""
        return list(dict.fromkeys(address.relation for address in self.files))

    @property
    def storage_keys(self) -> list[str]:
        """Where its files are kept."""
        return [address.storage_key for address in self.files]


def name_picture(cut: CutPicture, *, with_webp: bool = True) -> NewPicture:
    """Gives a picture a name that nobody can guess."""
    picture_id = secrets.token_hex(16)
    files = {}
    for relation, formats in cut.cuts.items():
        files[Address(picture_id, relation, cut.extension)] = formats.original
        if with_webp:
            files[Address(picture_id, relation, "webp")] = formats.webp
    return NewPicture(picture_id, cut.extension, files)


def addresses(picture_id: str, relations: Sequence[str], extension: str, *, has_webp: bool = True) -> list[Address]:
    """All addresses of an uploaded picture."""
    formats = (extension, "webp") if has_webp else (extension,)
    return [Address(picture_id, relation, each) for relation in relations for each in formats]
