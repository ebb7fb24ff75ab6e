"""Container images before a runtime has them: in a registry, or in an uploaded archive."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from modelyard.core.errors import InvalidInput, NotAllowed, NotFound, TooLarge, Unavailable, UpstreamFailed


class BadReference(InvalidInput):
    """The text names no image."""


class ImageMissing(NotFound):
    """The registry answers, but has no such image."""


class RegistryRefused(NotAllowed):
    """The registry wants credentials, or other ones."""


class RegistryUnreachable(Unavailable):
    """The registry does not answer."""


class RegistryFailed(UpstreamFailed):
    """The registry answers something that a registry does not answer."""


class AddressForbidden(InvalidInput):
    """The address points to where images must not be fetched from (link-local, undeclared loopback)."""


class BadArchive(InvalidInput):
    """The archive is damaged, hostile, or holds no image."""


class ArchiveTooLarge(TooLarge):
    """The archive, or what it unpacks to, is larger than allowed."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A pull string in its parts, with the defaults of docker filled in.

    `registry` is a host with an optional port (`docker.io`, `127.0.0.1:5000`), `repository` all path segments
    (`library/python`). `digest` (`sha256:…`) wins over `tag` where both are given.
    """

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    def __str__(self) -> str:
        suffix = f"@{self.digest}" if self.digest else f":{self.tag}"
        return f"{self.registry}/{self.repository}{suffix}"


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """What a manifest and its configuration say of an image, before any layer is fetched.

    `size` is the sum of the (compressed) layers in bytes; `digest` that of the manifest, or of the
    configuration where an archive has no manifest digest.
    """

    digest: str
    size: int
    architecture: str
    operating_system: str
    labels: Mapping[str, str]
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    ports: tuple[str, ...]
    user: str
    environment: tuple[str, ...]
    architectures: tuple[str, ...]
    """All that the index offers; just the one where there is no index."""
    image_id: str = ""
    """Digest of the configuration: by this podman, and docker in most set-ups, knows the image."""


class Registry(Protocol):
    """Reads what registries say of images."""

    def parse(self, url: str) -> Reference:
        """Reads a pull string or a manifest address (`https://host/v2/<repo>/manifests/<tag or digest>`).

        Raises BadReference, AddressForbidden.
        """

    def is_insecure(self, reference: Reference) -> bool:
        """Whether plain http was declared for its registry."""

    async def describe(
        self, reference: Reference, *, username: str = "", password: str = "", architecture: str = "amd64"
    ) -> ImageDescription:
        """Reads manifest and configuration; from an index the entry of the architecture, else the first.

        Raises ImageMissing, RegistryRefused, RegistryUnreachable, RegistryFailed, AddressForbidden.
        """


class ArchiveReader(Protocol):
    """Reads uploaded archives without unpacking them."""

    async def describe(self, archive: Path, *, architecture: str = "amd64") -> ImageDescription:
        """Checks a `docker save` or OCI-layout tar to its last byte and says what image is in it.

        Raises BadArchive (truncated, no image, several images, absolute or climbing paths, devices, links that
        leave the archive), ArchiveTooLarge (too many members, or more bytes than declared).
        """
