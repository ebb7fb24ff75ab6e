"""Keeps what asked for attention, from when until when, so that people can look back."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from modelyard.core.clock import Clock
from modelyard.core.database import Database
from modelyard.core.listing import one_page, paged
from modelyard.core.paging import Found, Page
from modelyard.domain.accounts.actor import Actor, require
from modelyard.domain.accounts.permissions import Permission
from modelyard.domain.jobs.queries import visible_jobs
from modelyard.domain.models.tables import Model
from modelyard.domain.models.visibility import visible_to
from modelyard.domain.monitoring.alerts import Alert, AlertRules, AlertType, all_alerts
from modelyard.domain.monitoring.periods import Period
from modelyard.domain.monitoring.tables import AlertRecord

SECONDS_BETWEEN_LOOKS = 60.0
KEPT = timedelta(days=400)
Key = tuple[str, str]


class AlertWatch:
    """Looks now and then what asks for attention, and notes what is new and what is over."""

    def __init__(self, database: Database, clock: Clock, rules: AlertRules) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(SECONDS_BETWEEN_LOOKS)

    async def look(self) -> None:
        """Writes only when something has changed."""
        async with self._database.read() as session:
            is_known = {_key(alert) for alert in await self._current(session)} == set(await _open(session))
        if is_known:
            return
        async with self._database.write() as session:  # one at a time: other processes look as well
            await self._note(session)

    async def _current(self, session: AsyncSession) -> list[Alert]:
        return await all_alerts(session, self._rules, self._clock.now())

    async def _note(self, session: AsyncSession) -> None:
        known, now = await _open(session), self._clock.now()
        current = {_key(alert): alert for alert in await self._current(session)}
        session.add_all(_record(alert, now) for key, alert in current.items() if key not in known)
        for key, row in known.items():
            if key not in current:
                row.ended_at = now
        await session.execute(delete(AlertRecord).where(AlertRecord.ended_at < now - KEPT))


async def list_past_alerts(session: AsyncSession, actor: Actor, period: Period, page: Page) -> Found[AlertRecord]:
    """Those that were there at any time of a period, newest first; of what the actor may see."""
    require(actor, Permission.READ_JOBS)
    of_job = AlertRecord.type == AlertType.JOB_STUCK
    of_model = select(Model.id).where(Model.id == AlertRecord.model_id, visible_to(actor)).correlate(AlertRecord)
    visible = or_(and_(of_job, visible_jobs(actor, jobs=AlertRecord)), and_(~of_job, of_model.exists()))
    was_there = or_(AlertRecord.ended_at.is_(None), AlertRecord.ended_at >= period.start)
    query = select(AlertRecord).where(AlertRecord.raised_at < period.stop, was_there, visible)
    query = query.order_by(AlertRecord.raised_at.desc(), AlertRecord.id.desc())
    return one_page((await session.scalars(paged(query, page))).all(), page)


async def _open(session: AsyncSession) -> dict[Key, AlertRecord]:
    rows = await session.scalars(select(AlertRecord).where(AlertRecord.ended_at.is_(None)))
    return {(row.type, row.subject): row for row in rows}


def _key(alert: Alert) -> Key:
    return alert.type, alert.subject


def _record(alert: Alert, now: datetime) -> AlertRecord:
    return AlertRecord(
        type=alert.type,
        subject=alert.subject,
        name=alert.name[:300],
        reason=alert.reason,
        account_id=alert.account_id,
        team_id=alert.team_id,
        user_id=alert.user_id,
        project_id=alert.project_id,
        model_id=alert.model_id,
        raised_at=min(alert.since, now),  # models expire later than people are told
        ended_at=None,
    )
