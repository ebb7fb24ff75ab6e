"""Tells the audit trail how the import of a version's image ended."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.domain.audit.changes import shortened
from modelyard.domain.audit.record import PLATFORM, Outsider, record
from modelyard.domain.images.tables import ContainerImage, ImportState
from modelyard.domain.models.tables import Model, Version


async def record_import(session: AsyncSession, clock: Clock, image_id: str) -> None:
    """One event for each version that has the image, which by now is there or has failed."""
    query = (
        select(ContainerImage, Version.model_id, Version.version, Model.account_id)
        .join(Version, Version.image_id == ContainerImage.id)
        .join(Model, Model.id == Version.model_id)
        .where(ContainerImage.id == image_id)
    )
    for image, model_id, version, account_id in await session.execute(query):
        platform = Outsider(PLATFORM.label, account_id=account_id)
        target = f"model/{model_id}/{version}"
        if image.state == ImportState.COMPLETED:
            facts = {"image": image.reference, "digest": image.digest, "size": image.size}
            record(session, clock, platform, "model:version:image-imported", target, after=facts)
        else:
            facts = {"image": image.reference, "error": shortened(image.error)}
            record(session, clock, platform, "model:version:image-import-failed", target, **facts)
