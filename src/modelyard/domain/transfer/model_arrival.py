"""What arrives in an exported model, in the domain's words, once everything in it has been read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelyard.adapters.registries.base import Reference
from modelyard.domain.models.card_content import ModelCard
from modelyard.domain.models.metadata import VersionChanges
from modelyard.domain.models.picture_files import NewPicture
from modelyard.domain.models.pictures import Words
from modelyard.domain.models.standing import UNCHANGED, Standing
from modelyard.domain.transfer.model_preset import Hardware


@dataclass(frozen=True, slots=True)
class ArrivingTestInput:
    """A test file; `storage_key` once it is stored."""

    name: str
    file_name: str
    media_type: str
    size: int
    storage_key: str = ""


@dataclass(frozen=True, slots=True)
class ArrivingImage:
    """A container image: in the file, or in a registry.

    Args:
        image_id: the runtime's identifier where it was exported.
        archive: where it lies; None when the file has none.
        reference: what to pull when it has none; None where it came from no registry.
    """

    image_id: str
    archive: Path | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True)
class ArrivingVersion:
    """A version. Changes hold neither preset nor status: both are decided here."""

    version: str
    changes: VersionChanges
    hardware: Hardware | None = None
    card: ModelCard = field(default_factory=ModelCard)
    sample_input: Any = None
    sample_output: Any = None
    test_inputs: tuple[ArrivingTestInput, ...] = ()
    image: ArrivingImage | None = None


@dataclass(frozen=True, slots=True)
class ArrivingModel:
    """A model with the versions that came along."""

    identifier: str
    name: str
    description: str
    tags: tuple[str, ...]
    scope: str
    versions: tuple[ArrivingVersion, ...]
    standing: Standing = UNCHANGED
    picture: tuple[NewPicture, Words] | None = None
    snapshots: tuple[tuple[NewPicture, Words], ...] = ()


@dataclass(slots=True)
class Arrival:
    """What came of it.

    Args:
        requested: the import of each image, by its archive or reference, so that versions can share one.
        notes: what is other than in the file, for people.
    """

    model_id: str
    is_new: bool
    added: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    requested: dict[str, str] = field(default_factory=dict)
