"""Lets those who change the same model or version take turns, where a database lets several write at once."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.tables import Model, Version


async def lock_version(session: AsyncSession, model_id: str, version: str) -> None:
    """Makes others who change the version or decide about it wait for the end of the transaction."""
    await session.execute(
        select(Version.id).where(Version.model_id == model_id, Version.version == version).with_for_update()
    )


async def lock_model(session: AsyncSession, model_id: str) -> None:
    """Makes others who add, change or run versions of a model wait for the end of the transaction."""
    await session.execute(select(Model.id).where(Model.id == model_id).with_for_update())
    own = select(Version.id).where(Version.model_id == model_id).order_by(Version.id)
    await session.execute(own.with_for_update())
