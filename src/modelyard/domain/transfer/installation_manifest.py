"""What an exported installation says of itself before anything else in the file."""

import re
from dataclasses import dataclass
from typing import Annotated

import msgspec

from modelyard.adapters.storage.keys import safe_segment
from modelyard.core.harmless import one_line
from modelyard.domain.transfer.installation_errors import FileDamaged, FileNotSupported, SchemaDiffers

FORMAT = 1
MANIFEST, CHECKSUMS = "manifest.json", "checksums"
FILES, IMAGES, TABLES = "files/", "images/", "tables/"
LONGEST_MANIFEST = 64 * 1024 * 1024
_ROW_SUFFIX = ".jsonl"
_FORMAT_NAME = "modelyard installation"
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Word = Annotated[str, msgspec.Meta(max_length=1000)]
_IMAGE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class MovedImage:
    """A container image: what the runtime called it, where it came from, and our names of it there."""

    image_id: Word
    reference: Word
    names: tuple[Word, ...]

    @property
    def label(self) -> str:
        """For people; strangers wrote what it is made of."""
        return f"image {one_line(self.reference)}"

    @property
    def member(self) -> str:
        """Its archive within the file."""
        return f"{IMAGES}{safe_segment(self.image_id.removeprefix('sha256:'))}.tar"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in the file: rows of each table, files and their bytes, images, and those that were not to be had.

    `key_check` can be opened with the secret key of the installation alone.
    """

    name: str
    format: int
    schema: Word
    version: Word
    exported_at: Word
    key_check: Word
    tables: dict[Word, Count]
    files: Count
    file_bytes: Count
    images: tuple[MovedImage, ...]
    missing: tuple[MovedImage, ...]


def new_manifest(
    *,
    schema: str,
    version: str,
    exported_at: str,
    key_check: str,
    tables: dict[str, int],
    files: tuple[int, int],
    images: tuple[MovedImage, ...],
    missing: tuple[MovedImage, ...],
) -> Manifest:
    """One in the format that this version writes; of files their number and their bytes."""
    return Manifest(
        _FORMAT_NAME, FORMAT, schema, version, exported_at, key_check, tables, files[0], files[1], images, missing
    )


def write_manifest(manifest: Manifest) -> bytes:
    """As it is in the file."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def read_manifest(data: bytes, *, schema: str) -> Manifest:
    """The manifest of a file that can be imported here. Raises FileDamaged, FileNotSupported, SchemaDiffers."""
    try:
        kind = msgspec.json.decode(data, type=_Kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = _Kind()
    if kind.name != _FORMAT_NAME:
        raise FileDamaged("This is no exported installation; `modelyard export` writes one.")
    if kind.format != FORMAT:
        raise FileNotSupported(
            f"The file has the format {kind.format}, of which this version knows {FORMAT} only; "
            "import it with the version of modelyard that wrote it."
        )
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FileDamaged(f"The manifest of the file is damaged: {error}.") from None
    if manifest.schema != schema:
        raise SchemaDiffers(
            f"The file has the schema {manifest.schema}, this version of modelyard {schema}; import it with version "
            f"{manifest.version}, or upgrade where it came from, run `modelyard migrate` there and export it again."
        )
    _require_names(manifest)
    return manifest


@dataclass(frozen=True, slots=True)
class _Kind:
    """What every format has."""

    name: str = ""
    format: int = 0


def _require_names(manifest: Manifest) -> None:
    """Names go to the container runtime, so they must be no more than names."""
    names = [name for image in manifest.images for name in image.names]
    members = [image.member for image in manifest.images]
    if not all(map(_IMAGE_NAME.fullmatch, names)) or len(set(members)) != len(members):
        raise FileDamaged("The manifest of the file is damaged: it names images in a way that none have.")


def member_of_table(name: str) -> str:
    """The member that holds the rows of a table."""
    return f"{TABLES}{name}{_ROW_SUFFIX}"
