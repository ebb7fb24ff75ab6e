"""A registry in memory, and an archive reader that knows its archives beforehand."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from modelyard.adapters.registries.base import (
    BadArchive,
    ImageDescription,
    ImageMissing,
    Reference,
    RegistryRefused,
    RegistryUnreachable,
)
from modelyard.adapters.registries.reference import parse_reference

SMALL_IMAGE = ImageDescription(
    digest="sha256:" + "1" * 64,
    size=1_000_000,
    architecture="amd64",
    operating_system="linux",
    labels={},
    entrypoint=("/model",),
    command=(),
    ports=("8080/tcp",),
    user="",
    environment=(),
    architectures=("amd64",),
)


@dataclass(frozen=True, slots=True)
class _Entry:
    description: ImageDescription
    username: str
    password: str = field(repr=False)


class FakeRegistry:
    """All registries of the world, as a dictionary."""

    def __init__(self, insecure: frozenset[str] = frozenset()) -> None:
        self._images: dict[Reference, _Entry] = {}
        self._insecure = insecure
        self.unreachable: set[str] = set()
        """Registries that do not answer."""

    def add(
        self, url: str, description: ImageDescription = SMALL_IMAGE, *, username: str = "", password: str = ""
    ) -> Reference:
        """Registers an image, readable by everybody unless a user is named."""
        reference = parse_reference(url)
        self._images[reference] = _Entry(description, username, password)
        return reference

    def parse(self, url: str) -> Reference:
        return parse_reference(url)

    def is_insecure(self, reference: Reference) -> bool:
        return reference.registry in self._insecure

    async def describe(
        self, reference: Reference, *, username: str = "", password: str = "", architecture: str = "amd64"
    ) -> ImageDescription:
        if reference.registry in self.unreachable:
            raise RegistryUnreachable(f"The registry {reference.registry} cannot be reached.")
        entry = self._images.get(reference)
        if entry is None:
            raise ImageMissing(f"The registry has no image {reference}.")
        if entry.username and (username, password) != (entry.username, entry.password):
            raise RegistryRefused(f"The registry {reference.registry} refuses {reference}.")
        offers_it = architecture in entry.description.architectures
        return replace(entry.description, architecture=architecture) if offers_it else entry.description


class FakeArchiveReader:
    """Describes archives by their file name."""

    def __init__(self) -> None:
        self.images: dict[str, ImageDescription] = {}

    async def describe(self, archive: Path, *, architecture: str = "amd64") -> ImageDescription:
        if archive.name not in self.images:
            raise BadArchive("The archive holds no image.")
        return self.images[archive.name]
