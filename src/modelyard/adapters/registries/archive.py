"""Says what image is in an uploaded archive, without unpacking it."""

import asyncio
import re
import threading
from pathlib import Path

import msgspec

from modelyard.adapters.registries import image_documents as documents
from modelyard.adapters.registries.archive_contents import RATIO_FLOOR, Contents, Limits, scan
from modelyard.adapters.registries.base import BadArchive, ImageDescription

_BLOBS = "blobs/sha256/"
_NAMED_BY_DIGEST = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json)?")
_MAX_NESTING = 3


class _SavedImage(msgspec.Struct, frozen=True, rename="pascal"):
    """An entry of the manifest.json of `docker save`."""

    config: str
    layers: list[str]


class TarArchiveReader:
    """Reads `docker save` and OCI-layout archives, plain or with gzip.

    Args:
        max_bytes: of the archive, and of what it unpacks to.
        max_members: files, directories and links.
        ratio_floor: bytes that every compressed archive may unpack to, however small it is.
    """

    def __init__(self, max_bytes: int, max_members: int = 100_000, *, ratio_floor: int = RATIO_FLOOR) -> None:
        self._limits = Limits(max_bytes, max_members, ratio_floor)

    async def describe(self, archive: Path, *, architecture: str = "amd64") -> ImageDescription:
        stop = threading.Event()
        try:
            return await asyncio.to_thread(self._describe, archive, architecture, stop)
        finally:
            stop.set()

    def _describe(self, archive: Path, architecture: str, stop: threading.Event) -> ImageDescription:
        contents = scan(archive, self._limits, stop)
        _require_blob_names(contents)
        try:
            if "index.json" in contents.files and "oci-layout" in contents.files:
                return _describe_layout(contents, architecture)
            if "manifest.json" in contents.files:
                return _describe_saved(contents)
        except documents.Malformed as error:
            raise BadArchive(f"The image in the archive {error}.") from error
        raise BadArchive(
            "The archive holds no image: it has neither a manifest.json (docker save) "
            "nor an index.json and oci-layout (OCI image layout)."
        )


def _describe_layout(contents: Contents, architecture: str) -> ImageDescription:
    manifest = documents.read_manifest(contents.document("index.json"))
    _require_one_image(documents.platforms(manifest))
    offered: tuple[str, ...] = ()
    digest = ""
    for _ in range(_MAX_NESTING):
        if manifest.manifests is None:
            break
        entries = [entry for entry in documents.platforms(manifest) if _blob_path(entry.digest) in contents.files]
        offered = documents.architectures(entries) or offered
        digest = documents.choose(entries, architecture).digest
        manifest = documents.read_manifest(contents.document(_blob_path(digest)))
    config = documents.config_of(manifest)
    for layer in manifest.layers or ():
        _require_layer(contents, layer)
    configuration = documents.decode(documents.Configuration, contents.document(_blob_path(config.digest)))
    size = sum(layer.size for layer in manifest.layers or ())
    return documents.describe_image(configuration, digest=digest, size=size, image_id=config.digest, offered=offered)


def _require_one_image(entries: list[documents.Descriptor]) -> None:
    """One image has one digest, or one digest for each platform."""
    digests = {entry.digest for entry in entries}
    platforms = {entry.platform for entry in entries}
    is_one = len(digests) == 1 or (None not in platforms and len(platforms) == len(digests) == len(entries))
    if entries and not is_one:
        raise BadArchive("The archive holds several images. Save one image for each version.")


def _require_layer(contents: Contents, layer: documents.Descriptor) -> None:
    found = contents.files.get(_blob_path(layer.digest))
    if found is None or found.size != layer.size:
        raise BadArchive(f"The archive lacks the layer {layer.digest}, or a part of it.")


def _blob_path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/', 1)}"


def _require_blob_names(contents: Contents) -> None:
    for path, found in contents.files.items():
        if path.startswith(_BLOBS) and found.digest != f"sha256:{path.removeprefix(_BLOBS)}":
            raise BadArchive(f"The archive is damaged: {path[:200]!r} has another digest than its name.")


def _describe_saved(contents: Contents) -> ImageDescription:
    images = documents.decode(list[_SavedImage], contents.document("manifest.json"))
    if len(images) != 1:
        found = "several images. Save one image for each version" if images else "no image"
        raise BadArchive(f"The archive holds {found}.")
    image = images[0]
    document = contents.document(image.config)
    digest = documents.sha256_of(document)
    named = _NAMED_BY_DIGEST.fullmatch(image.config)
    if named and digest != f"sha256:{named[1]}":
        raise BadArchive("The archive is damaged: the image's configuration has another digest than its name.")
    configuration = documents.decode(documents.Configuration, document)
    size = _measure_layers(contents, image.layers, configuration)
    return documents.describe_image(configuration, digest=digest, size=size, image_id=digest)


def _measure_layers(contents: Contents, layers: list[str], configuration: documents.Configuration) -> int:
    """Sum of the layers in bytes, each compared with the configuration where it is not compressed."""
    expected = (configuration.rootfs.diff_ids if configuration.rootfs else None) or []
    if len(layers) > documents.MAX_LAYERS or len(layers) != len(expected):
        raise BadArchive("The archive's image has more or fewer layers than its configuration says.")
    size = 0
    for name, digest in zip(layers, expected, strict=True):
        layer = contents.files[contents.resolve(name)]
        if not layer.is_compressed and layer.digest != digest:
            raise BadArchive(f"The archive is damaged: the layer {name[:200]!r} has another digest than expected.")
        size += layer.size
    return size
