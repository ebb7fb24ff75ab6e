"""Rings the bells of other processes: who commits on PostgreSQL notifies, and every process listens."""

from collections.abc import Collection

import psycopg
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.bells import BellBoard
from modelyard.core.ids import random_word

CHANNEL = "modelyard"
_NOTIFY = text("SELECT pg_notify(:channel, :payload)")


class Telegraph:
    """The line between the processes of one database. Bells of this process ring without it."""

    def __init__(self, address: URL, bells: BellBoard) -> None:
        self._address = address.set(drivername="postgresql").render_as_string(hide_password=False)
        self._bells = bells
        self._sender = random_word(12)

    async def tell(self, session: AsyncSession, topics: Collection[str]) -> None:
        """Rings topics elsewhere once the transaction is committed, and never when it is rolled back."""
        payload = "\n".join([self._sender, *sorted(topics)])
        await session.execute(_NOTIFY, {"channel": CHANNEL, "payload": payload})

    async def listen(self) -> None:
        """Goes on until cancelled. Raises psycopg.OperationalError when the connection breaks."""
        async with await psycopg.AsyncConnection.connect(self._address, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            async for notice in connection.notifies():
                sender, *topics = notice.payload.split("\n")
                if sender != self._sender:
                    for topic in topics:
                        self._bells.ring(topic)
