"""Leaves word of every download of results, but not of each time that a client polls."""

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.domain.audit.record import Subject, record
from modelyard.domain.audit.repeats import Repeats

MOST_REMEMBERED = 20_000


class Downloads:
    """Who has read which results in the last minutes. Known to this process only: a restart tells once more."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._recent = Repeats(clock, most=MOST_REMEMBERED, forgets_when_full=True)

    async def tell(self, subject: Subject, job_id: str, *, item: str | None = None, output: str | None = None) -> None:
        """Leaves a row unless a recent one says the same; to be done before the answer."""
        key = (subject.key_prefix, subject.user_id, job_id, item, output)
        if not self._recent.is_due(key):
            return
        what = {name: value for name, value in (("item", item), ("output", output)) if value is not None}
        try:
            async with self._database.write(beside_others=True) as session:
                record(session, self._clock, subject, "results:downloaded", f"job/{job_id}", **what)
        except BaseException:
            self._recent.was_not_told(key)
            raise
