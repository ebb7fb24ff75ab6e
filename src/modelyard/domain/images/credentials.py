"""Passwords of registries, which are kept sealed as long as an import needs them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.sealing import Sealer
from modelyard.domain.images.tables import ContainerImage


async def seal_passwords_again(session: AsyncSession, sealer: Sealer) -> int:
    """Seals them under the newest key; returns how many. Raises SecretKeyWrong."""
    rows = (await session.scalars(select(ContainerImage).where(ContainerImage.sealed_password.is_not(None)))).all()
    for row in rows:
        row.sealed_password = sealer.seal_again(row.sealed_password or "")
    return len(rows)
