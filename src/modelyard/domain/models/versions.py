"""Versions of models: create, change, give them an image, activate and deactivate."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import ring_after_commit
from modelyard.core.errors import InvalidInput
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.changes import before_and_after, record_change
from modelyard.domain.audit.record import record
from modelyard.domain.images.tables import ContainerImage
from modelyard.domain.models.activation import enter_status
from modelyard.domain.models.approvals import reopen
from modelyard.domain.models.cards import WORDS, remember_words
from modelyard.domain.models.catalog import (
    find_model,
    find_version,
    find_version_to_change,
    find_version_to_deploy,
    new_version,
)
from modelyard.domain.models.licence import promise_to, require_licensed
from modelyard.domain.models.lifecycle import VersionFrozen
from modelyard.domain.models.locks import lock_version
from modelyard.domain.models.metadata import MOST_ENGINES, VersionChanges, check_changes
from modelyard.domain.models.passed_tests import RUN_DEPENDS_ON, take_back_tests
from modelyard.domain.models.requirements import RequirementUnknown, find_preset
from modelyard.domain.models.search.index import index_soon
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Requirement, Version, VersionStatus
from modelyard.domain.models.visibility import NotYourModel, require_version_change

TOPIC = "versions"
"""Rings when it may have changed what should run."""
_FROZEN = {
    "requirement_id": "requirement",
    "status_timeout_ms": "status timeout",
    "run_timeout_ms": "run timeout",
    "inputs": "inputs",
    "outputs": "outputs",
    "input_validation_schema": "schema of inputs",
}
"""What jobs rely on, and tests have shown: of an active version it stays as it is."""
APPROVAL_DEPENDS_ON = (*RUN_DEPENDS_ON, "long_description", "technical_details", "performance_summary")
"""What approvers are shown: a change of it means that they have to be asked again."""


class VersionExists(InvalidInput):
    """The model has this version already."""

    def __init__(self, model_id: str, version: str, *, is_deleted: bool = False) -> None:
        what = "choose another number, or restore it: it is deleted" if is_deleted else "choose a higher one"
        super().__init__(f"The version {version} of the model {model_id} already exists; {what}.")


async def create_version(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, *, version: str, long_description: str = ""
) -> Version:
    """Adds a version to a model of one's account."""
    require(actor, Permission.DEPLOY_MODELS)
    await require_place(session, actor, model_id, version)
    row = new_version(clock, actor, model_id, version)
    check_changes(VersionChanges(long_description=long_description), minimum_engines=0, maximum_engines=1)
    row.long_description = long_description
    session.add(row)
    record(session, clock, actor, "model:version:created", f"model/{model_id}/{version}")
    return await stored_version(session, actor, row)


async def require_place(session: AsyncSession, actor: Actor, model_id: str, version: str) -> None:
    """Raises NotYourModel unless the model is one of the actor's account, VersionExists when it has the version.

    The number of a deleted version is taken, too: jobs and the audit trail name it.
    """
    model = await find_model(session, actor, model_id)
    if model.account_id != actor.account_id:
        raise NotYourModel
    query = select(Version.id, Version.deleted_at).where(Version.model_id == model_id, Version.version == version)
    if known := (await session.execute(query)).first():
        raise VersionExists(model_id, version, is_deleted=known.deleted_at is not None)


async def stored_version(session: AsyncSession, actor: Actor, row: Version) -> Version:
    """A version that was just added, with all that hangs off it. Raises VersionExists when somebody was quicker."""
    model_id, version = row.model_id, row.version
    try:
        await refresh_summary(session, model_id)
    except IntegrityError:
        raise VersionExists(model_id, version) from None
    session.expire_all()
    return await find_version(session, actor, model_id, version)


async def change_version(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    model_id: str,
    version: str,
    changes: VersionChanges,
    *,
    default_engines: int = MOST_ENGINES,
) -> Version:
    """Changes a version; a status in the changes is entered last, unless it has to be approved before.

    Args:
        default_engines: the licence of accounts that have none of their own.

    Raises MetadataRejected, RequirementUnknown, VersionFrozen, TransitionForbidden, StepsMissing, StatusUnknown,
    LicenceExceeded.
    """
    await lock_version(session, model_id, version)
    row = await find_version_to_change(session, actor, model_id, version)
    promised = promise_to(row)
    preset = await _find_preset(session, row, changes.requirement_id)
    check_changes(
        changes,
        minimum_engines=row.minimum_engines,
        maximum_engines=row.maximum_engines,
        requirement_problem=preset if isinstance(preset, RequirementUnknown) else None,
    )
    if changes.minimum_engines is not None or changes.maximum_engines is not None:
        require_version_change(actor, row, Permission.SET_ENGINES)
    values = changes.values()
    if isinstance(preset, Requirement):
        row.requirement = preset
        values["requirement_id"] = preset.id
    before, changed = before_and_after(row, values)
    _apply(row, changed)
    if changed:
        row.updated_at = clock.now()
        record_change(session, clock, actor, "model:version:changed", f"model/{model_id}/{version}", before, changed)
        index_soon(session, model_id)
    if not changed.keys().isdisjoint(WORDS):
        await remember_words(session, clock, actor, row)
    if not changed.keys().isdisjoint(APPROVAL_DEPENDS_ON):
        await reopen(session, clock, actor, row, changed.keys() & set(APPROVAL_DEPENDS_ON))
    if changes.status is not None:
        await enter_status(session, clock, actor, row, changes.status)
    await require_licensed(session, row, promised, default_engines)
    if changes.status is not None or not changed.keys().isdisjoint(("inputs", "outputs")):
        await refresh_summary(session, model_id)
    await session.flush()
    ring_after_commit(session, TOPIC)
    return row


async def _find_preset(
    session: AsyncSession, row: Version, wanted: int | None
) -> Requirement | RequirementUnknown | None:
    """The preset, or why it cannot be chosen: that is told together with everything else that is wrong."""
    if wanted is None:
        return None
    model = row.model
    try:
        return await find_preset(
            session, wanted, account_id=model.account_id, model_id=model.id, current=row.requirement_id
        )
    except RequirementUnknown as error:
        return error


def _apply(row: Version, changed: dict[str, Any]) -> None:
    """Sets fields; what a test has shown holds only as long as what it was shown for."""
    frozen = [words for name, words in _FROZEN.items() if name in changed]
    if frozen and row.status == VersionStatus.ACTIVE:
        raise VersionFrozen(" and ".join(frozen))
    for name, value in changed.items():
        setattr(row, name, value)
    take_back_tests(row, changed)


async def require_image_change(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """The version, when its image may be replaced now. Raises VersionFrozen."""
    row = await find_version_to_deploy(session, actor, model_id, version)
    if row.status == VersionStatus.ACTIVE:
        raise VersionFrozen("container image")
    return row


async def set_image(
    session: AsyncSession, clock: Clock, actor: Actor, model_id: str, version: str, image: ContainerImage
) -> None:
    """Makes an import the image of a version; its tests have to be done again."""
    await lock_version(session, model_id, version)
    row = await require_image_change(session, actor, model_id, version)
    values = {"before": {"image": row.image.reference if row.image else None}, "after": {"image": image.reference}}
    row.image_id = image.id
    take_back_tests(row, ["image_id"])
    row.updated_at = clock.now()
    record(session, clock, actor, "model:version:image-requested", f"model/{model_id}/{version}", **values)
    await reopen(session, clock, actor, row, ["image_id"])
