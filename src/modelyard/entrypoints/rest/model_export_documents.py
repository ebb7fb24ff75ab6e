"""Reads the documents of an exported model with the bodies of routes that take the same; each file has its place."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from modelyard.adapters.registries.base import Registry
from modelyard.domain.models.pictures import Words, check_words
from modelyard.domain.models.standing import Standing
from modelyard.domain.transfer.model_arrival import ArrivingImage, ArrivingModel, ArrivingTestInput, ArrivingVersion
from modelyard.domain.transfer.model_format import (
    MANIFEST,
    MODEL,
    MOST_TEST_INPUTS,
    MOST_VERSIONS,
    ExportRejected,
    image_member,
    version_member,
)
from modelyard.domain.transfer.model_preset import Hardware
from modelyard.domain.transfer.model_reading import HeldFile, ReceivedFile
from modelyard.entrypoints.body_numbers import Whole
from modelyard.entrypoints.body_problems import told_problems
from modelyard.entrypoints.rest.card_shapes import CardBody
from modelyard.entrypoints.rest.models import ModelChange, VisibilityChange, read_expiry
from modelyard.entrypoints.rest.requests import has_too_many_values
from modelyard.entrypoints.rest.versions import VersionChange

_LARGEST_NUMBER = 2**53
_MOST_PROBLEMS = 10


class _Document(BaseModel):
    """What no version of the format has is a mistake."""

    model_config = ConfigDict(extra="forbid")


class _Model(_Document):
    identifier: str = Field(max_length=40)
    name: str


class _Manifest(_Document):
    format: str
    formatVersion: Whole  # noqa: N815 - as it is in the file
    createdAt: str = ""  # noqa: N815
    createdWith: str = ""  # noqa: N815
    model: _Model
    versions: list[str] = Field(min_length=1, max_length=MOST_VERSIONS)
    images: list[str] = Field(max_length=MOST_VERSIONS)


class _Picture(_Document):
    member: str
    caption: str | None = None
    alt: str | None = None


class _ModelDocument(_Document):
    identifier: str = Field(max_length=40)
    description: ModelChange
    visibility: VisibilityChange
    pictures: list[_Picture] = Field(max_length=11)


class _Hardware(_Document):
    name: str = Field(max_length=100)
    cpuMillis: Whole = Field(ge=0, le=_LARGEST_NUMBER)  # noqa: N815
    memoryBytes: Whole = Field(ge=0, le=_LARGEST_NUMBER)  # noqa: N815
    gpuUnits: Whole = Field(ge=0, le=_LARGEST_NUMBER)  # noqa: N815
    isEdge: bool = False  # noqa: N815


class _Image(_Document):
    imageId: str = Field(pattern="^sha256:[0-9a-f]{64}$")  # noqa: N815
    digest: str = ""
    reference: str = ""
    pull: str = ""
    architecture: str = ""
    size: Whole = 0


class _TestInput(_Document):
    member: str
    name: str
    fileName: str = Field("", max_length=255)  # noqa: N815
    mediaType: str = Field("", max_length=255)  # noqa: N815


class _VersionDocument(_Document):
    version: str
    description: VersionChange
    hardware: _Hardware | None = None
    image: _Image | None = None
    testInputs: list[_TestInput] = Field(max_length=MOST_TEST_INPUTS)  # noqa: N815
    sampleInput: Any = None  # noqa: N815
    sampleOutput: Any = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class ReadFile:
    """An exported model that was understood: the model without its pictures, whose words come beside their files."""

    model: ArrivingModel
    pictures: dict[str, Words]
    test_inputs: dict[tuple[str, str], HeldFile]
    """By version and name of the input."""


_AnyDocument = TypeVar("_AnyDocument", bound=BaseModel)


def read_documents(received: ReceivedFile, registry: Registry) -> ReadFile:
    """All documents; each member of the file has to be named by one. Raises ExportRejected and BadReference."""
    reader = _Reader(received)
    manifest = reader.read(MANIFEST, _Manifest)
    model = reader.read(MODEL, _ModelDocument)
    if manifest.model.identifier != model.identifier:
        raise ExportRejected(f"{MANIFEST} and {MODEL} in it name different models")
    if len(set(manifest.versions)) < len(manifest.versions):
        raise ExportRejected(f"{MANIFEST} in it names a version twice")
    pictures = {each.member: check_words(Words(each.caption, each.alt)) for each in model.pictures}
    for name in pictures:
        reader.file(name, "pictures/")
    test_inputs: dict[tuple[str, str], HeldFile] = {}
    images = {name: reader.file(name, "images/") for name in manifest.images}
    versions = [_version(reader, number, images, test_inputs, registry) for number in manifest.versions]
    reader.require_nothing_else(set(manifest.images) - {image_member(v.image.image_id) for v in versions if v.image})
    words = model.description
    arriving = ArrivingModel(
        identifier=model.identifier,
        name=words.name or "",
        description=words.description or "",
        tags=tuple(tag for tag in words.tags or () if isinstance(tag, str)),
        scope=model.visibility.scope or "",
        versions=tuple(versions),
        standing=Standing(words.isRecommended, words.isCommercial, read_expiry(words.expirationDateTime)),
    )
    return ReadFile(arriving, pictures, test_inputs)


def _version(
    reader: "_Reader",
    number: str,
    images: dict[str, HeldFile],
    test_inputs: dict[tuple[str, str], HeldFile],
    registry: Registry,
) -> ArrivingVersion:
    found = reader.read(version_member(number, "version.json"), _VersionDocument)
    card = reader.read(version_member(number, "card.json"), CardBody)
    if found.version != number:
        raise ExportRejected(f"version.json of the version {number} in it is that of {found.version[:40]!r}")
    arriving = []
    for file in found.testInputs:
        held = reader.file(file.member, version_member(number, "test-inputs/"))
        test_inputs[number, file.name] = held
        arriving.append(ArrivingTestInput(file.name, file.fileName, file.mediaType, held.size))
    return ArrivingVersion(
        version=number,
        changes=found.description.to_changes(),
        hardware=_hardware(found.hardware) if found.hardware else None,
        card=card.to_card(),
        sample_input=found.sampleInput,
        sample_output=found.sampleOutput,
        test_inputs=tuple(arriving),
        image=_image(found.image, images, registry) if found.image else None,
    )


def _hardware(found: _Hardware) -> Hardware:
    return Hardware(found.name, found.cpuMillis, found.memoryBytes, found.gpuUnits, found.isEdge)


def _image(image: _Image, images: dict[str, HeldFile], registry: Registry) -> ArrivingImage:
    held = images.get(image_member(image.imageId))
    if held is not None:
        return ArrivingImage(image.imageId, archive=held.path)
    return ArrivingImage(image.imageId, reference=registry.parse(image.pull) if image.pull else None)


class _Reader:
    """Gives out members, and knows which nobody asked for."""

    def __init__(self, received: ReceivedFile) -> None:
        self._received = received
        self._left = {*received.documents, *received.files}

    def read(self, name: str, kind: type[_AnyDocument]) -> _AnyDocument:
        """A document. Raises ExportRejected."""
        data = self._received.documents.get(name)
        if data is None:
            raise ExportRejected(f"it lacks {name[:100]!r}")
        self._left.discard(name)
        if has_too_many_values(data):
            raise ExportRejected(f"{name} in it has too many values")
        try:
            document = msgspec.json.decode(data)
            return kind.model_validate(document)
        except ValidationError as error:
            problems = told_problems(error.errors(include_url=False), document, whole="the whole document")
            raise ExportRejected("; ".join(f"{name}: {problem}" for problem in problems[:_MOST_PROBLEMS])) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ExportRejected(f"{name} in it is no JSON: {error}") from None

    def file(self, name: str, where: str) -> HeldFile:
        """A file that is named once. Raises ExportRejected."""
        if not name.startswith(where) or name not in self._received.files:
            raise ExportRejected(f"it lacks {name[:100]!r}")
        if name not in self._left:
            raise ExportRejected(f"it names {name[:100]!r} twice")
        self._left.discard(name)
        return self._received.files[name]

    def require_nothing_else(self, unused: set[str]) -> None:
        """Raises ExportRejected when a member belongs to nothing."""
        if left := self._left | unused:
            raise ExportRejected(f"nothing in it belongs to its member {min(left)[:100]!r}")
