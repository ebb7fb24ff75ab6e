"""How to reach the inputs of a job, as it is kept while the job runs: encrypted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from modelyard.core.sealing import Sealer
from modelyard.domain.inputs.items import SubmittedItem
from modelyard.domain.inputs.kind import Access
from modelyard.domain.inputs.sources import source_kind


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of a submission: for each input, the place whose objects are its values."""

    name: str
    places: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that is needed to find the inputs of a job."""

    access: Access
    folders: tuple[Folder, ...] = ()


def seal_source(sealer: Sealer, access: Access, items: Sequence[SubmittedItem] = ()) -> str:
    """Encrypts it.

    Args:
        items: the folders, where items are to be found out from some.
    """
    folders = [{"name": item.name, "places": {value.name: value.location for value in item.values}} for item in items]
    content: dict[str, Any] = {"access": asdict(access), "folders": folders}
    return sealer.seal(msgspec.json.encode(content).decode())


def open_source(sealer: Sealer, kind: str, sealed: str) -> Source:
    """Decrypts it. Raises SecretKeyWrong."""
    content = msgspec.json.decode(sealer.open(sealed))
    access = msgspec.convert(content["access"], source_kind(kind).access_type)
    return Source(access, msgspec.convert(content["folders"], tuple[Folder, ...]))
