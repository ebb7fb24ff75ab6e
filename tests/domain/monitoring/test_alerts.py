"""What asks for attention, whom it is shown to, and what is kept of it."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, update

from modelyard.core.database import Database
from modelyard.core.paging import Page
from modelyard.domain.accounts.actor import Actor
from modelyard.domain.engines.tables import Situation
from modelyard.domain.jobs.status import JobStatus
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.tables import Model, VersionStatus
from modelyard.domain.monitoring.alert_history import KEPT, AlertWatch, list_past_alerts
from modelyard.domain.monitoring.alerts import (
    AlertRules,
    AlertType,
    AlertTypeUnknown,
    alert_type,
    count_alerts,
    list_alerts,
    names_of,
)
from modelyard.domain.monitoring.periods import Period
from modelyard.domain.monitoring.tables import AlertRecord
from tests.cast import Cast
from tests.domain.monitoring.past import add_job
from tests.library import add_active, read_version_row
from tests.manual_clock import ManualClock

RULES = AlertRules(stuck_after=timedelta(minutes=30), expires_within=timedelta(days=14))
HOUR = timedelta(hours=1)
PERIOD = Period(date(2026, 1, 1), date(2026, 1, 2))
Names = Callable[[Actor, AlertType], Awaitable[list[str]]]


@pytest.fixture
def names(database: Database, clock: ManualClock) -> Names:
    """What an actor is told; the number is checked as well."""

    async def read(actor: Actor, kind: AlertType) -> list[str]:
        async with database.read() as session:
            found = names_of(await list_alerts(session, actor, kind, RULES, clock.now()))
            assert (await count_alerts(session, actor, RULES, clock.now()))[kind] == len(found)
        return found

    return read


async def test_jobs_without_progress_are_stuck(
    database: Database, clock: ManualClock, cast: Cast, names: Names
) -> None:
    model_id = await add_active(database, cast.alice)
    now = clock.now()
    stuck = await add_job(database, cast.alice, model_id, created_at=now - HOUR)
    waiting = await add_job(database, cast.alice, model_id, created_at=now - 2 * HOUR, status=JobStatus.SUBMITTED)
    await add_job(database, cast.alice, model_id, created_at=now - HOUR, updated_at=now)
    await add_job(database, cast.alice, model_id, created_at=now - HOUR, status=JobStatus.OPEN)
    await add_job(database, cast.alice, model_id, finished_at=now - HOUR)

    assert await names(cast.alice, AlertType.JOB_STUCK) == [waiting, stuck]
    assert await names(cast.olga, AlertType.JOB_STUCK) == [waiting, stuck]
    assert await names(cast.bob, AlertType.JOB_STUCK) == []
    assert await names(cast.charlie, AlertType.JOB_STUCK) == []
    async with database.read() as session:
        [_, alert] = await list_alerts(session, cast.alice, AlertType.JOB_STUCK, RULES, now)
    assert alert.reason == "Nothing has happened for 60 min; 4 of 4 items have ended."


async def test_active_models_that_expire_soon(database: Database, clock: ManualClock, cast: Cast, names: Names) -> None:
    async def expire(days: int, status: VersionStatus = VersionStatus.ACTIVE) -> None:
        model_id = await add_active(database, cast.alice, status=status)
        changes = {"expires_at": clock.now() + timedelta(days=days), "name": f"in {days} days"}
        async with database.write() as session:
            await session.execute(update(Model).where(Model.id == model_id).values(changes))

    for days in (20, 3, -1):
        await expire(days)
    await expire(1, VersionStatus.INACTIVE)

    assert await names(cast.alice, AlertType.MODEL_EXPIRATION) == ["in -1 days", "in 3 days"]
    assert await names(cast.charlie, AlertType.MODEL_EXPIRATION) == []
    async with database.read() as session:
        found = await list_alerts(session, cast.alice, AlertType.MODEL_EXPIRATION, RULES, clock.now())
    assert [alert.reason for alert in found] == [
        "It has expired and takes no jobs.",
        "It expires on 2026-01-05 and takes no jobs then.",
    ]


async def _quarantine(database: Database, clock: ManualClock, actor: Actor) -> None:
    row = await read_version_row(database, await add_active(database, actor))
    values = {"reason": "its engines died", "is_quarantine": True, "since": clock.now()}
    async with database.write() as session:
        session.add(Situation(version_id=row.id, **values))


async def test_versions_in_quarantine(database: Database, clock: ManualClock, cast: Cast, names: Names) -> None:
    await _quarantine(database, clock, cast.alice)

    assert await names(cast.alice, AlertType.VERSION_QUARANTINED) == ["echo 0.1.0"]
    assert await names(cast.charlie, AlertType.VERSION_QUARANTINED) == []


async def test_what_has_been_is_remembered(database: Database, clock: ManualClock, cast: Cast) -> None:
    await _quarantine(database, clock, cast.alice)
    model_id = await add_active(database, cast.alice)
    job = await add_job(database, cast.alice, model_id, created_at=clock.now() - HOUR)
    watch, other = AlertWatch(database, clock, RULES), AlertWatch(database, clock, RULES)

    async def past(actor: Actor, period: Period = PERIOD) -> list[AlertRecord]:
        async with database.read() as session:
            return list((await list_past_alerts(session, actor, period, Page(1, 10))).entries)

    for each in (watch, other, watch):
        await each.look()
    assert [(row.type, row.ended_at) for row in await past(cast.alice)] == [
        (AlertType.VERSION_QUARANTINED, None),
        (AlertType.JOB_STUCK, None),
    ]
    async with database.write() as session:
        await session.execute(delete(Situation))
        await session.execute(update(Job).where(Job.id == job).values(status=JobStatus.CANCELED))
    await clock.advance(60)
    await other.look()
    assert {row.ended_at for row in await past(cast.alice)} == {clock.now()}
    assert len(await past(cast.olga)) == 2
    assert await past(cast.bob) == await past(cast.charlie) == []
    assert await past(cast.alice, Period(date(2026, 1, 3), date(2026, 1, 4))) == []
    await clock.advance(KEPT.total_seconds() + 60)
    await _quarantine(database, clock, cast.alice)
    await watch.look()
    assert await past(cast.alice) == []


def test_types() -> None:
    assert alert_type("job_stuck") == AlertType.JOB_STUCK
    with pytest.raises(AlertTypeUnknown, match="MODEL_EXPIRATION"):
        alert_type("nothing")
