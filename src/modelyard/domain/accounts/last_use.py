"""When keys and sessions were used last: noted in memory at every request, written now and then."""

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.accounts.tables import ApiKey, SignedInSession, User

MOST_NOTED = 50_000


class LastUse:
    """Costs a request nothing but an entry in a dictionary."""

    def __init__(self, database: Database, clock: Clock, *, most_noted: int = MOST_NOTED) -> None:
        self._database = database
        self._clock = clock
        self._most_noted = most_noted
        self._keys: dict[str, datetime] = {}
        self._sessions: dict[str, datetime] = {}
        self._users: dict[str, datetime] = {}

    def note_key(self, prefix: str, user_id: str) -> None:
        """A key was used now."""
        self._note(self._keys, prefix, user_id)

    def note_session(self, fingerprint: str, user_id: str) -> None:
        """A session was used now."""
        self._note(self._sessions, fingerprint, user_id)

    def _note(self, uses: dict[str, datetime], name: str, user_id: str) -> None:
        if len(uses) < self._most_noted:
            uses[name] = self._users[user_id] = self._clock.now()

    async def write(self) -> None:
        """Writes what was noted since the last time."""
        keys, self._keys = self._keys, {}
        sessions, self._sessions = self._sessions, {}
        users, self._users = self._users, {}
        if not users:
            return
        async with self._database.write() as session:
            await _set_times(session, ApiKey, "prefix", "last_used_at", keys)
            await _set_times(session, SignedInSession, "fingerprint", "last_seen_at", sessions)
            await _set_times(session, User, "id", "last_active_at", users)


async def _set_times(
    session: AsyncSession,
    table: type[ApiKey | SignedInSession | User],
    by: str,
    column: str,
    times: dict[str, datetime],
) -> None:
    if not times:
        return
    core = table.__table__
    statement = update(core).where(core.c[by] == bindparam("which")).values({column: bindparam("used_at")})  # type: ignore[arg-type]
    connection = await session.connection()
    await connection.execute(statement, [{"which": name, "used_at": time} for name, time in times.items()])
