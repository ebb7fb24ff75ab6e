"""Models and their versions in the library: create and find them, change models."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import contains_eager, defer, joinedload, load_only, selectinload

from modelyard.core.clock import Clock
from modelyard.core.errors import NotFound
from modelyard.core.ids import new_model_id
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.audit.changes import record_change
from modelyard.domain.audit.record import record
from modelyard.domain.models.metadata import check_model_name, check_summary
from modelyard.domain.models.semantic import check_version
from modelyard.domain.models.standing import UNCHANGED, Standing, set_standing, standing_of
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Model, Version
from modelyard.domain.models.tags import set_tags
from modelyard.domain.models.terms import refresh_terms
from modelyard.domain.models.visibility import require_change, require_version_change, visible_to


class ModelNotFound(NotFound):
    """There is no such model, or the caller may not see it."""

    def __init__(self, model_id: str) -> None:
        super().__init__(f"There is no model {model_id[:40]!r} that you may see.")


class VersionNotFound(NotFound):
    """The model has no such version."""

    def __init__(self, model_id: str, version: str) -> None:
        super().__init__(f"The model {model_id!r} has no version {version[:40]!r}.")


async def create_model(
    session: AsyncSession, clock: Clock, actor: Actor, *, name: str, version: str, identifier: str = ""
) -> Model:
    """Creates a model with its first version.

    Args:
        identifier: of a model that comes from elsewhere, which nothing here may have; a new one when empty.
    """
    require(actor, Permission.DEPLOY_MODELS)
    now = clock.now()
    model = Model(
        id=identifier or new_model_id(),
        account_id=actor.account_id,
        team_id=actor.team_id,
        created_by=actor.user_id,
        created_by_email=actor.email,
        created_by_full_name=actor.full_name,
        author=actor.account_name,
        name=check_model_name(name),
        created_at=now,
        updated_at=now,
        last_active_at=now,
    )
    session.add(model)
    session.add(new_version(clock, actor, model.id, version))
    record(session, clock, actor, "model:created", f"model/{model.id}", name=model.name, version=version)
    await refresh_summary(session, model.id)
    return await _read_again(session, actor, model.id)


def new_version(clock: Clock, actor: Actor, model_id: str, version: str) -> Version:
    """A version without anything but its number."""
    now = clock.now()
    return Version(
        model_id=model_id,
        version=check_version(version),
        created_by=actor.user_id,
        created_by_email=actor.email,
        created_at=now,
        updated_at=now,
    )


_LONG_COLUMNS = (
    *(Version.inputs, Version.outputs, Version.statistics, Version.input_validation_schema),
    *(Version.long_description, Version.technical_details, Version.performance_summary, Version.version_history),
    *(Version.sample_input, Version.sample_output),
)
BRIEF_VERSIONS = selectinload(Model.versions).options(*map(defer, _LONG_COLUMNS))
"""A model shows no texts of its versions: they can be long, and there can be many."""
WHOLE_MODEL = (
    BRIEF_VERSIONS,
    selectinload(Model.tags),
    selectinload(Model.pictures),
    selectinload(Model.teams),
)


async def find_model(session: AsyncSession, actor: Actor, model_id: str) -> Model:
    """A model with its versions, tags and pictures. Raises ModelNotFound."""
    require(actor, Permission.READ_MODELS)
    query = select(Model).where(Model.id == model_id, visible_to(actor)).options(*WHOLE_MODEL)
    model = (await session.scalars(query)).one_or_none()
    if model is None:
        raise ModelNotFound(model_id)
    return model


async def find_model_to_change(session: AsyncSession, actor: Actor, model_id: str) -> Model:
    """The same for somebody who is about to change it. Raises ModelNotFound, NotYourModel."""
    model = await find_model(session, actor, model_id)
    require_change(actor, model)
    return model


WHOLE_VERSION = (
    joinedload(Version.image),
    joinedload(Version.requirement),
    selectinload(Version.test_inputs),
    joinedload(Version.model).options(*WHOLE_MODEL),
)


async def find_version(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """A version with its model, image and preset. Raises ModelNotFound, VersionNotFound."""
    require(actor, Permission.READ_MODELS)
    return await _find_version(session, actor, model_id, version)


_WHAT_RUNS = (
    load_only(
        *(Version.model_id, Version.version, Version.status, Version.requirement_id),
        *(Version.inputs, Version.input_validation_schema),
        raiseload=True,
    ),
    contains_eager(Version.model).load_only(Model.name, Model.expires_at, raiseload=True),
)
"""Jobs are submitted all the time: one statement finds all that they need to know."""


async def find_version_to_check(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """A version with no more than what a job has to fit. Raises as `find_version`."""
    require(actor, Permission.READ_MODELS)
    query = _version_of(actor, model_id, version).options(*_WHAT_RUNS)
    return await _found(session, actor, model_id, version, query)


async def find_version_to_run(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """The same for a job that is being stored: until then nobody takes it out of service or deletes it."""
    require(actor, Permission.READ_MODELS)
    query = _version_of(actor, model_id, version).options(*_WHAT_RUNS)
    locking = query.with_for_update(read=True, key_share=True, of=Version)
    return await _found(session, actor, model_id, version, locking)


async def _find_version(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    query = _version_of(actor, model_id, version).options(*WHOLE_VERSION)
    return await _found(session, actor, model_id, version, query)


def _version_of(actor: Actor, model_id: str, version: str) -> Select[Version]:
    return (
        select(Version)
        .join(Version.model)
        .where(
            Version.model_id == model_id,
            Version.version == version,
            Version.deleted_at.is_(None),
            visible_to(actor),
        )
    )


async def _found(session: AsyncSession, actor: Actor, model_id: str, version: str, query: Select[Version]) -> Version:
    found = (await session.scalars(query)).one_or_none()
    if found is None:
        if await session.scalar(select(Model.id).where(Model.id == model_id, visible_to(actor))) is None:
            raise ModelNotFound(model_id)
        raise VersionNotFound(model_id, version)
    return found


async def find_version_to_change(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """The same for somebody who is about to change it. Raises as `find_version`, and NotYourModel."""
    found = await find_version(session, actor, model_id, version)
    require_version_change(actor, found)
    return found


async def find_version_to_deploy(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """The same for a deployment step, which only data scientists take. Raises also RoleMissing."""
    require(actor, Permission.DEPLOY_MODELS)
    return await find_version_to_change(session, actor, model_id, version)


async def find_version_to_decide(session: AsyncSession, actor: Actor, model_id: str, version: str) -> Version:
    """The same for somebody who approves versions, but may be allowed nothing else. Raises as `find_version`."""
    require(actor, Permission.APPROVE_MODELS)
    return await _find_version(session, actor, model_id, version)


async def change_model(
    session: AsyncSession,
    clock: Clock,
    actor: Actor,
    model_id: str,
    *,
    name: str | None = None,
    description: str | None = None,
    tags: list[str] | None = None,
    standing: Standing = UNCHANGED,
) -> Model:
    """Changes words, tags and standing of a model; None leaves a field as it is.

    Raises ModelNotFound, NotYourModel, MetadataRejected, TagsRejected, and RoleMissing where the standing needs more.
    """
    model = await find_model_to_change(session, actor, model_id)
    before = _told(model)
    if name is not None:
        model.name = check_model_name(name)
    if description is not None:
        model.description = check_summary(description)
    if tags is not None:
        await set_tags(session, model, tags)
        await session.flush()
        await session.refresh(model, ["tags"])
    set_standing(actor, model, standing)
    if record_change(session, clock, actor, "model:changed", f"model/{model.id}", before, _told(model)):
        model.updated_at = clock.now()
        await refresh_terms(session, model.id)
    await session.flush()
    return model


def _told(model: Model) -> dict[str, Any]:
    words = {"name": model.name, "description": model.description, "tags": [tag.identifier for tag in model.tags]}
    return words | standing_of(model)


async def _read_again(session: AsyncSession, actor: Actor, model_id: str) -> Model:
    """The model as the database has it now, with lists that were changed behind its back."""
    await session.flush()
    session.expire_all()
    return await find_model(session, actor, model_id)
