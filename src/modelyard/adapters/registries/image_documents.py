"""Reads the JSON documents that describe an image: manifest, index and configuration."""

import hashlib
from typing import Annotated, Any, TypeVar

import msgspec

from modelyard.adapters.registries.base import ImageDescription

MAX_LAYERS = 1000
MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

_CONFIG_TYPES = frozenset(
    {"", "application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
T = TypeVar("T")
_Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")]


class Malformed(Exception):
    """The document does not describe a container image; the text completes "the image …"."""


class Platform(msgspec.Struct, frozen=True):
    """For which machines an entry of an index is."""

    architecture: str = ""
    os: str = ""


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """Points to another document or a layer; the size is in bytes."""

    digest: _Digest
    size: _Bytes
    media_type: str = ""
    platform: Platform | None = None
    annotations: dict[str, str] | None = None


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """A manifest, or an index when it has `manifests`."""

    schema_version: int = 0
    manifests: Annotated[list[Descriptor], msgspec.Meta(max_length=MAX_LAYERS)] | None = None
    config: Descriptor | None = None
    layers: Annotated[list[Descriptor], msgspec.Meta(max_length=MAX_LAYERS)] | None = None


class _Settings(msgspec.Struct, frozen=True, rename="pascal"):
    labels: dict[str, str | None] | None = None
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    exposed_ports: dict[str, Any] | None = None
    user: str | None = None
    env: list[str] | None = None


class _RootFilesystem(msgspec.Struct, frozen=True):
    diff_ids: list[str] | None = None


class Configuration(msgspec.Struct, frozen=True):
    """How to run the image."""

    architecture: str = ""
    os: str = ""
    config: _Settings | None = None
    rootfs: _RootFilesystem | None = None


def decode(kind: type[T], document: bytes) -> T:
    """Decodes untrusted JSON. Raises Malformed."""
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Malformed(f"has a document that cannot be read ({error})") from error


def read_manifest(document: bytes) -> Manifest:
    """Reads a manifest or an index, never both at once. Raises Malformed."""
    manifest = decode(Manifest, document)
    if manifest.schema_version == 1:
        raise Malformed("has a manifest of the withdrawn version 1; push it again with a current tool")
    is_index = manifest.manifests is not None
    is_manifest = manifest.config is not None and manifest.layers is not None
    if manifest.schema_version != 2 or is_index == is_manifest:
        raise Malformed("has neither a manifest nor an index")
    return manifest


def platforms(index: Manifest) -> list[Descriptor]:
    """The entries of an index that are images; build attestations are for the architecture `unknown`."""
    return [
        entry
        for entry in index.manifests or []
        if entry.platform is None or "unknown" not in {entry.platform.architecture, entry.platform.os}
    ]


def choose(entries: list[Descriptor], architecture: str) -> Descriptor:
    """The Linux entry of the architecture, else the first. Raises Malformed for an empty list."""
    if not entries:
        raise Malformed("has an index without any image")
    for entry in entries:
        if entry.platform and entry.platform.architecture == architecture and entry.platform.os in {"linux", ""}:
            return entry
    return entries[0]


def architectures(entries: list[Descriptor]) -> tuple[str, ...]:
    """What an index offers, each once, in its order."""
    return tuple(dict.fromkeys(e.platform.architecture for e in entries if e.platform and e.platform.architecture))


def config_of(manifest: Manifest) -> Descriptor:
    """Where the configuration is. Raises Malformed for other things that registries keep, such as Helm charts."""
    if manifest.config is None or manifest.config.media_type not in _CONFIG_TYPES:
        found = manifest.config.media_type[:100] if manifest.config else "nothing"
        raise Malformed(f"is not a container image but {found}")
    return manifest.config


def describe_image(
    configuration: Configuration, *, digest: str, size: int, image_id: str = "", offered: tuple[str, ...] = ()
) -> ImageDescription:
    """Puts together what is known.

    Args:
        digest: that of the manifest, or of the configuration.
        size: sum of the layers in bytes.
        image_id: digest of the configuration.
        offered: architectures of the index, when there is one.
    """
    settings = configuration.config or _Settings()
    return ImageDescription(
        digest=digest,
        size=size,
        architecture=configuration.architecture,
        operating_system=configuration.os,
        labels={name: value or "" for name, value in (settings.labels or {}).items()},
        entrypoint=tuple(settings.entrypoint or ()),
        command=tuple(settings.cmd or ()),
        ports=tuple(settings.exposed_ports or ()),
        user=settings.user or "",
        environment=tuple(settings.env or ()),
        architectures=offered or tuple(filter(None, [configuration.architecture])),
        image_id=image_id,
    )


def has_digest(document: bytes, digest: str) -> bool:
    """Whether the bytes are those that a `sha256:` or `sha512:` digest names."""
    algorithm, _, expected = digest.partition(":")
    return algorithm in {"sha256", "sha512"} and hashlib.new(algorithm, document).hexdigest() == expected


def sha256_of(document: bytes) -> str:
    """The digest of a document."""
    return f"sha256:{hashlib.sha256(document).hexdigest()}"
