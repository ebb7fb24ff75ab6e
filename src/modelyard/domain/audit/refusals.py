"""Leaves word of requests that were refused, in a transaction of their own, and never more than some at a time."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from modelyard.core.addresses import neighbourhood
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.errors import PlatformError
from modelyard.core.logs import log
from modelyard.domain.audit.record import Subject, clean, record
from modelyard.domain.audit.repeats import MINUTES, Repeats

MOST_OF_PEOPLE = 20_000
MOST_OF_STRANGERS = 1000
"""The most rows in ten minutes about all of them, from however many addresses."""
MOST_OF_ONE_PERSON, MOST_OF_ONE_STRANGER = 60, 20
"""The most rows in ten minutes about one; how many were left out is told afterwards."""
MOST_CALLERS = 10_000
LONGEST_TEXT = 300
SECONDS_BETWEEN_LOOKS = 30.0
LEFT_OUT = "access:refused:left-out"


@dataclass(slots=True)
class _Caller:
    """Somebody whose requests are refused, since when, and how many of them the trail tells of, and does not."""

    subject: Subject
    address: str
    since: datetime
    told: int = 0
    left_out: int = 0


class Refusals:
    """Which refusals the trail tells of already, and how many it leaves out."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Apart, so that strangers cannot keep the trail from telling what people do.
        self._of_people = Repeats(clock, most=MOST_OF_PEOPLE, forgets_when_full=False)
        self._of_strangers = Repeats(clock, most=MOST_OF_STRANGERS, forgets_when_full=False)
        self._callers: OrderedDict[str, _Caller] = OrderedDict()
        self._unfinished: list[_Caller] = []

    async def run(self) -> None:
        """Tells what was left out, until cancelled."""
        while True:
            await self.tell_of_left_out()
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def tell(self, subject: Subject, address: str, *, method: str, path: str, status: int, **more: str) -> None:
        """Leaves a row unless a recent one tells of the same caller, method and path, or there are too many of them."""
        caller = self._caller(subject, address)
        key = (neighbourhood(address), subject.key_prefix, subject.user_id, method, path[:LONGEST_TEXT])
        recent = self._of_people if subject.user_id else self._of_strangers
        most = MOST_OF_ONE_PERSON if subject.user_id else MOST_OF_ONE_STRANGER
        if caller.told >= most or not recent.is_due(key):
            caller.left_out += 1
            return
        caller.told += 1
        details = {name: clean(text, LONGEST_TEXT) for name, text in (more | {"method": method, "path": path}).items()}
        try:
            async with self._database.write(beside_others=True) as session:
                record(session, self._clock, subject, "access:refused", f"address/{address}", status=status, **details)
        except (SQLAlchemyError, PlatformError) as error:  # the refusal itself holds all the same
            recent.was_not_told(key)
            caller.told -= 1
            log.error("a refusal could not be recorded", address=address, exc_info=error)

    async def tell_of_left_out(self) -> None:
        """Leaves a row for each caller of the last while of whom the trail does not tell everything."""
        self._finish()
        while self._unfinished:
            caller = self._unfinished[0]
            facts = {"refusals": caller.left_out, "since": caller.since.isoformat(timespec="milliseconds")}
            async with self._database.write() as session:
                record(session, self._clock, caller.subject, LEFT_OUT, f"address/{caller.address}", **facts)
            self._unfinished.pop(0)

    def _caller(self, subject: Subject, address: str) -> _Caller:
        """People count for themselves wherever they are, strangers by where they are; too many of these are one."""
        self._finish()
        name = f"user {subject.user_id}" if subject.user_id else f"address {neighbourhood(address)}"
        if name not in self._callers and len(self._callers) >= MOST_CALLERS and not subject.user_id:
            name, address = "others", "others"
        return self._callers.setdefault(name, _Caller(subject, address, self._clock.now()))

    def _finish(self) -> None:
        """Forgets whose time is over, but for what has to be told of them."""
        over = self._clock.now() - timedelta(minutes=MINUTES)
        while self._callers and next(iter(self._callers.values())).since <= over:
            _, caller = self._callers.popitem(last=False)
            if caller.left_out:
                self._unfinished.append(caller)
