"""Models and images for tests that need one to be there already, written straight to the database."""

from typing import Any

from sqlalchemy import select

from modelyard.core.database import Database
from modelyard.core.ids import new_uuid
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.audit.tables import AuditEvent
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.models.catalog import create_model
from modelyard.domain.models.summary import refresh_summary
from modelyard.domain.models.tables import Model, Version, VersionStatus
from tests.manual_clock import ManualClock

TEXT_INPUT = {"name": "input.txt", "acceptedMediaTypes": "text/plain", "maximumSize": 1000, "description": "A text."}
JSON_OUTPUT = {
    "name": "results.json",
    "mediaType": "application/json",
    "maximumSize": 100_000,
    "description": "The result.",
}


async def add_model(database: Database, actor: Actor, *, name: str = "echo", version: str = "0.1.0") -> str:
    """A model with one bare version; returns its identifier."""
    async with database.write() as session:
        return (await create_model(session, ManualClock(), actor, name=name, version=version)).id


def held_image(image_id: str = "sha256:" + "a" * 64, **facts: Any) -> ContainerImage:
    """The row of an image that has been imported."""
    values: dict[str, Any] = {
        "id": new_uuid(),
        "state": ImportState.COMPLETED,
        "step": "Completed",
        "percentage": 100,
        "reference": "registry.example/team/echo:1",
        "image_id": image_id,
        "digest": "sha256:" + "d" * 64,
        "size": 1000,
        "architecture": "amd64",
        "ports": ["8080/tcp"],
        "created_at": ManualClock().now(),
    }
    return ContainerImage(**(values | facts))


async def describe(database: Database, model_id: str, *, image_id: str = "sha256:" + "a" * 64, **values: Any) -> int:
    """Gives the model's first version everything that activation asks for; returns the version's row id."""
    image = held_image(image_id)
    described: dict[str, Any] = {
        "requirement_id": 1,
        "status_timeout_ms": 5000,
        "run_timeout_ms": 5000,
        "inputs": [TEXT_INPUT],
        "outputs": [JSON_OUTPUT],
        "load_passed": True,
        "run_passed": True,
    }
    async with database.write() as session:
        session.add(image)
        await session.flush()
        version = (await session.scalars(select(Version).where(Version.model_id == model_id))).first()
        assert version is not None
        version.image_id = image.id
        for name, value in (described | values).items():
            setattr(version, name, value)
        await refresh_summary(session, model_id)
        return version.id


async def add_active(database: Database, actor: Actor, *, image_id: str = "sha256:" + "a" * 64, **values: Any) -> str:
    """An active model as `describe` describes it; returns its identifier."""
    model_id = await add_model(database, actor)
    await describe(database, model_id, image_id=image_id, **{"status": VersionStatus.ACTIVE, **values})
    return model_id


async def read_version_row(database: Database, model_id: str, version: str = "0.1.0") -> Version:
    """The row of a version, without what hangs off it."""
    async with database.read() as session:
        query = select(Version).where(Version.model_id == model_id, Version.version == version)
        return (await session.scalars(query)).one()


async def set_scope(database: Database, model_id: str, scope: str) -> None:
    """Who may see a model."""
    async with database.write() as session:
        model = await session.get(Model, model_id)
        assert model is not None
        model.scope = scope


async def audited(database: Database, target: str = "") -> list[str]:
    """The actions of the audit trail, oldest first; those on one target when it is given."""
    query = select(AuditEvent.action).order_by(AuditEvent.id)
    async with database.read() as session:
        return list(await session.scalars(query.where(AuditEvent.target == target) if target else query))
