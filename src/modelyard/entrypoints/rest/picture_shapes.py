"""How pictures look on the wire: those that were uploaded, and those that are made for what has none."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from modelyard.adapters.imaging.base import Artwork
from modelyard.domain.models.generated_pictures import (
    EXTENSION,
    generated_address,
    logo_artwork,
    model_artwork,
    tag_artwork,
)
from modelyard.domain.models.picture_files import PICTURE, Address, PictureKind
from modelyard.domain.models.pictures import pictures_of
from modelyard.domain.models.tables import Model, Picture, Tag

PICTURES = "/api/pictures"


def model_images(model: Model) -> list[dict[str, Any]]:
    """The model's picture in all sizes, and the logo of its account."""
    own = [shape for picture in pictures_of(model, PictureKind.PICTURE) for shape in _uploaded(picture, model.name)]
    if not own:
        own = _generated(model.id, model_artwork(model.id, model.name), PICTURE.sizes, model.name)
    logos = pictures_of(model, PictureKind.LOGO)[:1]
    return own + account_images(model.account_id, model.author, logos[0] if logos else None)


def account_images(account_id: str, name: str, logo: Picture | None) -> list[dict[str, Any]]:
    """The logo of an account: its own, or one that is made from its name."""
    if logo is not None:
        return _uploaded(logo, name)
    return _generated(account_id, logo_artwork(account_id, name), ["logo"], name)


def snapshot_images(model: Model) -> list[dict[str, Any]]:
    """The snapshots of a model in their order."""
    return [snapshot_object(picture, model.name) for picture in pictures_of(model, PictureKind.SNAPSHOT)]


def snapshot_object(picture: Picture, model_name: str) -> dict[str, Any]:
    """A snapshot, with the identifier by which it is ordered and removed."""
    return {"identifier": picture.id, **_uploaded(picture, model_name)[0]}


def tag_images(tag: Tag) -> list[dict[str, Any]]:
    """The icon of a tag: uploaded, or made for a predefined one; other tags have none."""
    if tag.picture_id and tag.picture_extension:
        original = Address(tag.picture_id, "icon", tag.picture_extension)
        return [_shape(original, tag.name, tag.name, has_webp=True)]
    return _generated(tag.identifier, tag_artwork(tag), ["icon"], tag.name) if tag.is_categorical else []


def _uploaded(picture: Picture, name: str) -> list[dict[str, Any]]:
    caption = picture.caption or name
    return [
        _shape(Address(picture.id, relation, picture.extension), caption, picture.alt or caption, picture.has_webp)
        for relation in picture.relations
    ]


def _generated(subject: str, artwork: Artwork, relations: Iterable[str], name: str) -> list[dict[str, Any]]:
    shapes = []
    for relation in relations:
        shape = _shape(generated_address(subject, artwork, relation, EXTENSION), name, name, has_webp=True)
        shapes.append(shape | {"isGenerated": True})
    return shapes


def _shape(original: Address, caption: str, alt: str, has_webp: bool) -> dict[str, Any]:
    shape = {"url": _url(original), "caption": caption, "alt": alt, "relationType": original.relation}
    if has_webp:
        shape["webp"] = _url(Address(original.name, original.relation, "webp"))
    return shape


def _url(address: Address) -> str:
    return f"{PICTURES}/{quote(address.text)}"
