"""Secrets that the installation makes for itself and keeps sealed, and sealing them anew under another key."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.sealing import Fingerprinter, Sealer
from modelyard.domain.accounts.tables import InstallationSecret

_FINGERPRINTS = "fingerprints"


async def read_or_create_fingerprinter(session: AsyncSession, sealer: Sealer) -> Fingerprinter:
    """The one of this installation: made from its first secret, then kept sealed.

    So API keys stay valid when the secret changes. Raises SecretKeyWrong.
    """
    row = await session.get(InstallationSecret, _FINGERPRINTS)
    if row is None:
        row = InstallationSecret(name=_FINGERPRINTS, sealed=sealer.seal(sealer.derive(b"modelyard api keys").hex()))
        session.add(row)
    return Fingerprinter(bytes.fromhex(sealer.open(row.sealed)))


async def seal_again(session: AsyncSession, sealer: Sealer) -> int:
    """Seals these secrets under the newest key; returns how many. Raises SecretKeyWrong."""
    rows = (await session.scalars(select(InstallationSecret))).all()
    for row in rows:
        row.sealed = sealer.seal_again(row.sealed)
    return len(rows)
