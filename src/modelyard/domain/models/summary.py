"""What a model's row repeats of its versions: lists, filters and orders read it there, and nowhere else."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.domain.models.tables import Model, Version, VersionStatus
from modelyard.domain.models.terms import refresh_terms


async def refresh_summary(session: AsyncSession, model_id: str) -> None:
    """To be called by whoever adds, deletes or restores a version, or changes the status of one."""
    await session.flush()
    query = select(Version.version, Version.order_key, Version.status).where(
        Version.model_id == model_id, Version.deleted_at.is_(None)
    )
    rows = (await session.execute(query.order_by(Version.order_key))).all()
    active = [row.version for row in rows if row.status == VersionStatus.ACTIVE]
    model = await session.get_one(Model, model_id)
    model.is_active = bool(active)
    model.latest_version, model.latest_version_key = (rows[-1].version, rows[-1].order_key) if rows else ("", "")
    model.latest_active_version = active[-1] if active else ""
    await session.flush()
    await refresh_terms(session, model_id)
