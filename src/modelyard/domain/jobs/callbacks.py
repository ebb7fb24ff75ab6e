"""Takes the wish to be told when a job has ended."""

import contextlib
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.callbacks.base import CallbackSender
from modelyard.core.destinations import HostUnknown
from modelyard.core.sealing import Sealer
from modelyard.domain.jobs.callback_retry import CallbackState
from modelyard.domain.jobs.callback_signing import key_of_secret
from modelyard.domain.jobs.tables import JobCallback


@dataclass(frozen=True, slots=True)
class AcceptedCallback:
    """An address that may be sent to, and the secret that signs what is sent, sealed."""

    url: str
    sealed_secret: str | None = field(default=None, repr=False)

    def row(self) -> JobCallback:
        """How it is stored with its job."""
        return JobCallback(url=self.url, sealed_secret=self.sealed_secret, state=CallbackState.WAITING, attempts=0)


class CallbackIntake:
    """Checks callbacks before their jobs are stored."""

    def __init__(self, sender: CallbackSender, sealer: Sealer) -> None:
        self._sender = sender
        self._sealer = sealer

    async def accept(self, url: str, secret: str | None) -> AcceptedCallback:
        """Raises CallbackAddressUnusable, CallbackSecretUnusable, DestinationForbidden."""
        if secret:
            key_of_secret(secret)
        with contextlib.suppress(HostUnknown):  # names come and go; each attempt looks it up anew
            await self._sender.check(url)
        return AcceptedCallback(url, self._sealer.seal(secret) if secret else None)


async def seal_callbacks_again(session: AsyncSession, sealer: Sealer) -> int:
    """Seals their secrets under the newest key; returns how many. Raises SecretKeyWrong."""
    rows = (await session.scalars(select(JobCallback).where(JobCallback.sealed_secret.is_not(None)))).all()
    for row in rows:
        row.sealed_secret = sealer.seal_again(row.sealed_secret or "")
    return len(rows)
