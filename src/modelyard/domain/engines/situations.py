"""Why the jobs of a version wait: decided from what the loop of the engines knows, and written down for all to read."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.engines.health import HealthRecord
from modelyard.domain.engines.tables import Situation
from modelyard.domain.engines.wanted import Balance, Demand

SECONDS_BETWEEN_LOOKS = 30.0
"""At whether the table still says what this process has written."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a version does not get the engines that it wants."""

    text: str
    is_quarantine: bool = False


def reason_to_wait(
    demand: Demand,
    record: HealthRecord,
    *,
    ready: int,
    starting: int,
    fetching: int = 0,
    lacks_licence: bool,
    now: float,
) -> Reason | None:
    """What to say of a version; None when nothing is in the way of its items."""
    if ready or not (demand.open_items or record.is_quarantined):
        return None
    seconds = max(1, round(record.not_before - now))
    if record.is_quarantined:
        quarantine = f"its engines died {record.deaths} times in a row, so the next one starts in {seconds} s only"
        return Reason(f"{quarantine}; the last reason: {record.reason}", is_quarantine=True)
    if record.reason and record.not_before > now and not starting:
        return Reason(f"the last engine failed: {record.reason} The next one starts in {seconds} s.")
    if lacks_licence and not starting:
        return Reason(f"all {demand.licence} engines that the account's licence covers are in use; it waits for one")
    if not demand.maximum:
        return Reason("the version may have no engines: its maximum of engines is 0")
    step = f"the image is being brought to the machine {platform.node()}" if fetching else "one is being started"
    return Reason(f"no engine is ready yet; {step}")


def lacks_licence(version_id: int, demand: Demand, plan: Balance) -> bool:
    """Whether a version would get an engine but for the licence."""
    wants = demand.open_items > 0 and demand.maximum > 0
    return wants and not plan.to_start.get(version_id) and demand.licence is not None


class SituationBoard:
    """Writes the reasons of this process down whenever they change.

    Several processes share the table. Each adds and removes its own; of two reasons for one version the newest is
    shown. When a process has died nobody knows which were its own: all go, and the living write theirs again at their
    next look.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._shown: dict[int, Reason] | None = None
        """What this process has written; None while it has not looked at the table."""
        self._next_look = 0.0

    async def show(self, reasons: Mapping[int, Reason]) -> None:
        """Makes the table say this of versions, and nothing else that this process, or one before it, said."""
        shown = None if self._shown is None else _kinds(self._shown)
        if shown == _kinds(reasons) and time.monotonic() < self._next_look:
            return
        async with self._database.write() as session:
            await _write(session, self._clock, reasons, shown)
        self._shown = dict(reasons)
        self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS


def _kinds(reasons: Mapping[int, Reason]) -> dict[int, str]:
    """Without what only counts down, as that need not be written every second."""
    return {version: reason.text.split(" in ")[0] for version, reason in reasons.items()}


async def _write(
    session: AsyncSession, clock: Clock, reasons: Mapping[int, Reason], shown: Mapping[int, str] | None
) -> None:
    """Adds what is missing, changes what is new since `shown`, and removes what is over."""
    known = {row.version_id: row for row in await session.scalars(select(Situation))}
    kinds = _kinds(reasons)
    for version_id, reason in sorted(reasons.items()):
        row = known.get(version_id)
        if row is None:
            session.add(
                Situation(
                    version_id=version_id, reason=reason.text, is_quarantine=reason.is_quarantine, since=clock.now()
                )
            )
        elif shown is None or shown.get(version_id) != kinds[version_id]:
            row.reason, row.is_quarantine = reason.text, reason.is_quarantine
    gone = set(known if shown is None else shown) - set(reasons)
    if gone:
        await session.execute(delete(Situation).where(Situation.version_id.in_(gone)))


async def forget_situations(session: AsyncSession) -> None:
    """Removes all reasons, as a process has died; the living write theirs again."""
    await session.execute(delete(Situation))


async def read_situations(session: AsyncSession) -> dict[int, Situation]:
    """What is in the way of which versions."""
    return {row.version_id: row for row in await session.scalars(select(Situation))}
