"""Where an arriving model goes: into the model that it is already, under its own identifier, or under a new one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.errors import Conflict
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.models.cards import current_card
from modelyard.domain.models.catalog import WHOLE_MODEL, find_version
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.visibility import may_change, visible_to
from modelyard.domain.transfer.model_arrival import ArrivingVersion
from modelyard.domain.transfer.model_preset import is_same

_IDENTIFIER = re.compile(r"[a-z0-9]{10}")


class VersionDiffers(Conflict):
    """The model has a version of this number that is another one."""

    def __init__(self, model_id: str, version: str, differences: Sequence[str]) -> None:
        super().__init__(
            f"The model {model_id} has a version {version} already, whose {', '.join(differences)} differ from the "
            "file's; nothing was imported. Clone one of the two under another number, and export that."
        )


class VersionDeleted(Conflict):
    """The model has a deleted version of this number."""

    def __init__(self, model_id: str, version: str) -> None:
        super().__init__(
            f"The version {version} of the model {model_id} is deleted; nothing was imported. Restore it, or remove "
            "it for good and import again."
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where to.

    Args:
        versions: those that the model has, by number, deleted ones as well; empty for a new model.
        note: why it could not keep its identifier.
    """

    model_id: str
    is_new: bool
    versions: frozenset[str] = frozenset()
    note: str = ""


async def find_place(session: AsyncSession, actor: Actor, identifier: str, spare: str) -> Place:
    """Decides by the identifier in the file.

    A model that the actor may not change is none of theirs, so that the file makes a new one. An identifier that was
    in use before is not used again: its history would be read as that of the new model.

    Args:
        spare: a new identifier, for a model that cannot keep its own.
    """
    if not _IDENTIFIER.fullmatch(identifier):
        return Place(spare, is_new=True, note="The identifier in the file is not of a form that is used here.")
    query = select(Model).where(Model.id == identifier, visible_to(actor)).options(*WHOLE_MODEL)
    model = (await session.scalars(query)).one_or_none()
    if model is not None and may_change(actor, model) and model.account_id == actor.account_id:
        numbers = await session.scalars(select(Version.version).where(Version.model_id == identifier))
        return Place(identifier, is_new=False, versions=frozenset(numbers))
    used = select(AuditEvent.id).where(AuditEvent.target == f"model/{identifier}").limit(1)
    if await session.get(Model, identifier) is not None or await session.scalar(used) is not None:
        return Place(spare, is_new=True, note=f"The identifier {identifier} is in use here, or was before.")
    return Place(identifier, is_new=True)


async def require_same(session: AsyncSession, actor: Actor, model_id: str, arriving: ArrivingVersion) -> None:
    """Makes sure that a version that is there already is the one in the file. Raises VersionDiffers, VersionDeleted."""
    found = select(Version.deleted_at).where(Version.model_id == model_id, Version.version == arriving.version)
    if await session.scalar(found) is not None:
        raise VersionDeleted(model_id, arriving.version)
    row = await find_version(session, actor, model_id, arriving.version)
    card = (await current_card(session, row)).card
    differences = _differences(row, arriving)
    if card.plain() != arriving.card.plain():
        differences.append("card")
    if differences:
        raise VersionDiffers(model_id, arriving.version, differences)


_COMPARED = {
    "inputs": "inputs",
    "outputs": "outputs",
    "statistics": "metrics",
    "input_validation_schema": "schema of inputs",
    "status_timeout_ms": "status timeout",
    "run_timeout_ms": "run timeout",
    "long_description": "description",
    "technical_details": "technical details",
    "performance_summary": "performance summary",
    "version_history": "release notes",
}


def _differences(row: Version, arriving: ArrivingVersion) -> list[str]:
    """In what they differ. How many engines may run, and what tests found, belongs to the installation."""
    changes = arriving.changes
    found = [
        words for name, words in _COMPARED.items() if (getattr(row, name) or None) != (getattr(changes, name) or None)
    ]
    wanted, image = arriving.hardware, arriving.image
    if wanted is not None and row.requirement is not None and not is_same(row.requirement, wanted):
        found.append("hardware")
    if (row.sample_input, row.sample_output) != (arriving.sample_input, arriving.sample_output):
        found.append("samples")
    if image is not None and row.image is not None and row.image.image_id not in {None, image.image_id}:
        found.append("container image")
    files = {(file.name, file.file_name, file.size) for file in row.test_inputs}
    if files != {(file.name, file.file_name, file.size) for file in arriving.test_inputs}:
        found.append("test files")
    return found
