"""Leaves word of requests that were refused, in a transaction of their own, and never more than some at a time."""

from sqlalchemy.exc import SQLAlchemyError

from modelyard.core.addresses import neighbourhood
from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.logs import log
from modelyard.domain.audit.record import Subject, record
from modelyard.domain.audit.repeats import Repeats

MOST_REMEMBERED = 1000
"""Also the most rows in ten minutes about people, and about strangers from however many addresses."""


class Refusals:
    """Which refusals the trail tells of already."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # Apart, so that strangers cannot keep the trail from telling what people do.
        self._of_people = Repeats(clock, most=MOST_REMEMBERED, forgets_when_full=False)
        self._of_strangers = Repeats(clock, most=MOST_REMEMBERED, forgets_when_full=False)

    async def tell(
        self, subject: Subject, address: str, *, method: str, route: str, path: str, status: int, **more: str
    ) -> None:
        """Leaves a row unless a recent one tells of the same caller and route."""
        key = (neighbourhood(address), subject.key_prefix, subject.user_id, method, route)
        recent = self._of_people if subject.user_id else self._of_strangers
        if not recent.is_due(key):
            return
        details = {name: text[:300] for name, text in (more | {"method": method, "path": path}).items()}
        try:
            async with self._database.write() as session:
                record(session, self._clock, subject, "access:refused", f"address/{address}", status=status, **details)
        except SQLAlchemyError as error:  # the refusal itself holds all the same
            recent.was_not_told(key)
            log.error("a refusal could not be recorded", address=address, exc_info=error)
