"""Finds out who sends a request, from memory where that is safe."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import NotAuthenticated
from modelyard.core.sealing import Fingerprinter
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.accounts.api_keys import TOPIC
from modelyard.domain.accounts.credentials import Credentials, KeyUnknown, NetworkNotAllowed, SessionUnknown
from modelyard.domain.accounts.known import Known, find_by_prefix, find_by_session
from modelyard.domain.accounts.last_use import LastUse
from modelyard.domain.accounts.wrong_keys import WrongKeys

SECONDS_REMEMBERED = 0.8
"""A change that another process made holds here after at most so long; one of our own holds at once."""
MOST_REMEMBERED = 10_000

_Name = tuple[str, str | None]
_Find = Callable[[AsyncSession], Awaitable[Known | None]]


@dataclass(frozen=True, slots=True)
class _Remembered:
    known: Known
    since: float


class Authenticator:
    """Knows who keys and sessions belong to. Remembers what it looked up for less than a second."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        fingerprinter: Fingerprinter,
        last_use: LastUse,
        wrong_keys: WrongKeys,
        *,
        idle: timedelta,
        most_remembered: int = MOST_REMEMBERED,
    ) -> None:
        self._database = database
        self._clock = clock
        self._fingerprinter = fingerprinter
        self._last_use = last_use
        self._wrong_keys = wrong_keys
        self._idle = idle
        self._most_remembered = most_remembered
        self._bell = database.bells.listen(TOPIC)
        self._memory: OrderedDict[_Name, _Remembered] = OrderedDict()
        self._changes = 0

    async def find_actor(self, credentials: Credentials) -> Actor:
        """Who sends a request. Raises KeyMissing, KeyUnknown, SessionUnknown, NetworkNotAllowed, TooManyFailures."""
        if credentials.authorization is None and credentials.session_token:
            return await self._by_session(credentials, credentials.session_token, SessionUnknown)
        scheme, text = credentials.read_authorization()
        prefix, dot, body = text.partition(".")
        if scheme == "bearer" and credentials.team_id is None:
            raise KeyUnknown
        if scheme == "bearer" and not dot:
            return await self._by_session(credentials, text, KeyUnknown)
        return await self._by_key(credentials, prefix, body)

    async def _by_key(self, credentials: Credentials, prefix: str, body: str) -> Actor:
        self._wrong_keys.check(credentials.address, prefix)
        known = await self._look_up((prefix, None), lambda session: find_by_prefix(session, prefix))
        matches = self._fingerprinter.matches(body, known.fingerprint if known else None)
        if known is None or not matches:
            self._wrong_keys.was_wrong(credentials.address, prefix, body)
            raise KeyUnknown
        if not known.holds(self._clock.now()):
            raise KeyUnknown
        if credentials.team_id is not None and credentials.team_id != known.actor.team_id:
            raise KeyUnknown
        if not known.is_from(credentials.address):
            raise NetworkNotAllowed(credentials.address)
        self._wrong_keys.was_right(credentials.address, prefix)
        self._last_use.note_key(prefix, known.actor.user_id)
        return known.actor

    async def _by_session(self, credentials: Credentials, token: str, unknown: Callable[[], NotAuthenticated]) -> Actor:
        fingerprint, team_id = self._fingerprinter.of(token), credentials.team_id
        known = await self._look_up(
            (fingerprint, team_id or ""),
            lambda session: find_by_session(session, fingerprint, team_id, idle=self._idle),
        )
        if known is None or not known.holds(self._clock.now()):
            raise unknown()
        self._last_use.note_session(fingerprint, known.actor.user_id)
        return known.actor

    async def _look_up(self, name: _Name, find: _Find) -> Known | None:
        self._forget_after_changes()
        remembered = self._memory.get(name)
        if remembered and time.monotonic() - remembered.since < SECONDS_REMEMBERED:
            return remembered.known
        since, changes = time.monotonic(), self._changes
        async with self._database.read(is_brief=True) as session:
            known = await find(session)
        self._forget_after_changes()
        if known and changes == self._changes:  # else it was read before a change, and is not worth keeping
            self._memory[name] = _Remembered(known, since)
            self._memory.move_to_end(name)
            while len(self._memory) > self._most_remembered:
                self._memory.popitem(last=False)
        return known

    def _forget_after_changes(self) -> None:
        if self._bell.has_rung():
            self._memory.clear()
            self._changes += 1
