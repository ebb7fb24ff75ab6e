"""Delivers callbacks of jobs that have ended: at least once, however often a process dies meanwhile."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.adapters.callbacks.base import CallbackSender, Reply
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import InvalidInput, PlatformError, Unavailable
from modelyard.core.logs import log
from modelyard.core.sealing import Sealer
from modelyard.domain.audit.record import PLATFORM, Outsider, clean, record
from modelyard.domain.jobs.callback_message import callback_message
from modelyard.domain.jobs.callback_retry import CallbackState, next_attempt
from modelyard.domain.jobs.callback_signing import key_of_secret, signed_headers
from modelyard.domain.jobs.callback_turns import AT_ONCE, DueCallback, choose_next, due_in_turn
from modelyard.domain.jobs.tables import Job, JobCallback

SECONDS_BETWEEN_LOOKS = 1.0
LEASE = timedelta(seconds=60)
"""Who took a callback has so long to send it; then another may."""
LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Taken:
    """A callback that this process may send now."""

    job: Job
    url: str
    sealed_secret: str | None
    attempt: int

    @property
    def due(self) -> DueCallback:
        """What counts when others are chosen beside it."""
        return DueCallback(self.job.id, self.job.user_id, self.url)


class CallbackDelivery:
    """Sends what is due.

    Args:
        public_url: where people reach this server, for the links; empty when nobody has set it.
        chance: a number from 0 to 1, another each time.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        sender: CallbackSender,
        sealer: Sealer,
        *,
        public_url: str = "",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._sender = sender
        self._sealer = sealer
        self._public_url = public_url.rstrip("/")
        self._chance = chance
        self._sending: dict[str, DueCallback] = {}
        self._has_to_look = asyncio.Event()

    async def run(self) -> None:
        """Goes on until cancelled. Whose receiver is slow keeps a place, but holds up nobody else."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_often())
            while True:
                await self._has_to_look.wait()
                self._has_to_look.clear()
                while await self._begin_some(group):
                    pass

    async def deliver_some(self) -> int:
        """Sends some of what is due, all at the same time; returns how many."""
        async with asyncio.TaskGroup() as group:
            return await self._begin_some(group)

    async def _look_often(self) -> None:
        while True:
            self._has_to_look.set()
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def _begin_some(self, group: asyncio.TaskGroup) -> int:
        if len(self._sending) >= AT_ONCE or not await self._is_any_due():
            return 0
        async with self._database.write() as session:
            taken = await self._take(session)
        for each in taken:
            self._sending[each.job.id] = each.due
            group.create_task(self._deliver_one(each))
        return len(taken)

    async def _deliver_one(self, taken: _Taken) -> None:
        try:
            await self._deliver(taken)
        finally:
            del self._sending[taken.job.id]
            self._has_to_look.set()

    async def _is_any_due(self) -> bool:
        due = due_in_turn(self._clock.now(), self._sending.values())
        async with self._database.read() as session:
            return bool((await session.execute(due.limit(1))).first() or await session.scalar(_ended().limit(1)))

    async def _take(self, session: AsyncSession) -> list[_Taken]:
        now = self._clock.now()
        ended = (await session.scalars(_ended().limit(10 * AT_ONCE))).all()
        await session.execute(
            update(JobCallback).where(JobCallback.job_id.in_(ended)).values(state=CallbackState.DUE, next_at=now)
        )
        due = [DueCallback(*row) for row in await session.execute(due_in_turn(now, self._sending.values()))]
        chosen = [each.job_id for each in choose_next(due, self._sending.values())]
        await session.execute(
            update(JobCallback)
            .where(JobCallback.job_id.in_(chosen))
            .values(attempts=JobCallback.attempts + 1, next_at=now + LEASE)
        )
        rows = await session.execute(
            select(Job, JobCallback.url, JobCallback.sealed_secret, JobCallback.attempts)
            .join(JobCallback, JobCallback.job_id == Job.id)
            .where(Job.id.in_(chosen))
        )
        return [_Taken(*row) for row in rows]

    async def _deliver(self, taken: _Taken) -> None:
        try:
            reply = await self._send(taken)
        except InvalidInput as error:  # it was allowed once
            await self._failed(taken, None, error.message, is_final=True)
        except Unavailable as error:
            await self._failed(taken, None, error.message, is_final=False)
        except Exception as error:  # noqa: BLE001 - one that we cannot send must not stop the others
            log.error("a callback could not be sent", job=taken.job.id, exc_info=error)
            await self._failed(taken, None, _apology(error), is_final=False)
        else:
            if reply.is_good:
                await self._delivered(taken, reply)
            else:
                text = f"The receiver answered {reply.status}: {reply.excerpt}"
                await self._failed(taken, reply.status, text, is_final=False)

    async def _send(self, taken: _Taken) -> Reply:
        body = callback_message(taken.job, self._public_url)
        key = key_of_secret(self._sealer.open(taken.sealed_secret)) if taken.sealed_secret else None
        headers = signed_headers(taken.job.id, self._clock.now(), body, key)
        return await self._sender.send(taken.url, headers, body)

    async def _delivered(self, taken: _Taken, reply: Reply) -> None:
        now = self._clock.now()
        values = {
            "state": CallbackState.DELIVERED,
            "delivered_at": now,
            "last_status": reply.status,
            "last_error": None,
        }
        async with self._database.write() as session:
            await _change(session, taken, {**values, **_forgotten(taken)})

    async def _failed(self, taken: _Taken, status: int | None, why: str, *, is_final: bool) -> None:
        job, now = taken.job, self._clock.now()
        ended_at = job.finished_at or job.updated_at
        at = next_attempt(attempt=taken.attempt, status=status, ended_at=ended_at, now=now, chance=self._chance())
        values: dict[str, Any] = {"last_status": status, "last_error": clean(why, LONGEST_ERROR), "next_at": at}
        async with self._database.write() as session:
            if at is not None and not is_final:
                await _change(session, taken, values)
                return
            values |= {"state": CallbackState.FAILED, **_forgotten(taken)}
            if await _change(session, taken, values):
                platform = Outsider(PLATFORM.label, account_id=job.account_id)
                why = clean(why, LONGEST_ERROR)
                record(session, self._clock, platform, "job:callback-failed", f"job/{job.id}", reason=why)


def _ended() -> Any:
    """Callbacks that wait for jobs that have ended."""
    return (
        select(JobCallback.job_id)
        .join(Job, Job.id == JobCallback.job_id)
        .where(JobCallback.state == CallbackState.WAITING, Job.finished_at.is_not(None))
    )


def _forgotten(taken: _Taken) -> dict[str, Any]:
    """What nobody needs once nothing more is sent: the secret, and the query of the address, which may be one, too."""
    return {"next_at": None, "sealed_secret": None, "url": taken.url.partition("?")[0]}


async def _change(session: AsyncSession, taken: _Taken, values: dict[str, Any]) -> bool:
    """False when another has taken it meanwhile."""
    changed = await session.execute(
        update(JobCallback)
        .where(
            JobCallback.job_id == taken.job.id,
            JobCallback.state == CallbackState.DUE,
            JobCallback.attempts == taken.attempt,
        )
        .values(values)
        .returning(JobCallback.job_id)
    )
    return changed.one_or_none() is not None


def _apology(error: Exception) -> str:
    if isinstance(error, PlatformError):
        return error.message
    return f"The platform failed unexpectedly ({type(error).__name__}); see the server's log."
