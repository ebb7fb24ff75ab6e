"""How much was done, as each of the cast sees it."""

from datetime import date, timedelta

import pytest

from modelyard.core.database import Database
from modelyard.domain.accounts.actor import Actor, RoleMissing
from modelyard.domain.monitoring.daily_use import UseBook
from modelyard.domain.monitoring.periods import Period
from modelyard.domain.monitoring.usage import UseFilter, Uses, count_active, rank_models, rank_users, read_uses
from tests.cast import Cast, with_roles
from tests.domain.monitoring.past import add_job, add_model_with_jobs
from tests.library import set_scope
from tests.manual_clock import ManualClock

WEEK = Period(date(2025, 12, 27), date(2026, 1, 2))
DAY = timedelta(days=1)


async def _uses(
    database: Database, clock: ManualClock, actor: Actor, wanted: UseFilter | None = None, period: Period = WEEK
) -> Uses:
    async with database.read() as session:
        return await read_uses(session, actor, period, wanted or UseFilter(), clock.now())


@pytest.mark.parametrize("is_counted", [False, True])
async def test_a_period_and_the_one_before(
    database: Database, clock: ManualClock, cast: Cast, *, is_counted: bool
) -> None:
    now = clock.now()
    times = (now - 7 * DAY, now - 6 * DAY, now - DAY, now - timedelta(hours=1), now, now - 14 * DAY)
    model_id = await add_model_with_jobs(database, cast.alice, *times)
    await add_job(database, cast.alice, model_id, created_at=now, completed=2, failed=0)  # under way
    if is_counted:
        assert await UseBook(database, clock).count_some()

    uses = await _uses(database, clock, cast.alice)

    assert (uses.predictions.recent, uses.predictions.previous) == (14, 3)
    assert uses.predictions.percentage == 366.67
    assert uses.predictions.days == [
        ("2025-12-27", 3),
        ("2025-12-28", 0),
        ("2025-12-29", 0),
        ("2025-12-30", 0),
        ("2025-12-31", 0),
        ("2026-01-01", 3),
        ("2026-01-02", 8),
    ]
    assert (uses.jobs.recent, uses.failures.recent, uses.input_bytes.recent) == (5, 4, 5000)


async def test_who_counts_what(database: Database, clock: ManualClock, cast: Cast) -> None:
    at = clock.now() - DAY
    private = await add_model_with_jobs(database, cast.alice, at)
    shared = await add_model_with_jobs(database, cast.bob, at, total_latency_ms=70)
    await set_scope(database, shared, "TEAM")
    await add_model_with_jobs(database, cast.charlie, at)
    await UseBook(database, clock).count_some()
    await add_job(database, cast.bob, shared, finished_at=clock.now())

    seen = {actor.email: (await _uses(database, clock, actor)).jobs.recent for actor in cast.everybody()}
    assert seen == {"alice@example.org": 3, "bob@example.org": 2, "charlie@example.org": 1, "olga@example.org": 4}
    async with database.read() as session:
        users = await rank_users(session, cast.alice, WEEK, UseFilter(), clock.now())
        models = await rank_models(session, cast.alice, WEEK, UseFilter(), clock.now())
    assert [(rank.email, rank.elapsed_ms, rank.jobs) for rank in users] == [
        ("bob@example.org", 120, 2),
        ("alice@example.org", 50, 1),
    ]
    assert [(rank.model_id, rank.name, rank.version, rank.jobs) for rank in models] == [
        (shared, "echo", "0.1.0", 2),
        (private, "echo", "0.1.0", 1),
    ]


async def test_filters(database: Database, clock: ManualClock, cast: Cast) -> None:
    alices = await add_model_with_jobs(database, cast.alice, clock.now() - DAY)
    await add_model_with_jobs(database, cast.charlie, clock.now() - DAY)
    await UseBook(database, clock).count_some()

    for wanted, jobs in (
        (UseFilter(user_id=cast.alice.user_id), 1),
        (UseFilter(key_prefix=cast.alice.key_prefix), 1),
        (UseFilter(model_id=alices), 1),
        (UseFilter(model_id=alices, version="0.1.0"), 1),
        (UseFilter(model_id=alices, version="0.2.0"), 0),
        (UseFilter(team_id=cast.charlie.team_id), 1),
        (UseFilter(team_id=cast.charlie.team_id, model_id=alices), 0),
        (UseFilter(user_id="' OR 1=1 --"), 0),
    ):
        assert (await _uses(database, clock, cast.olga, wanted)).jobs.recent == jobs, wanted


async def test_who_is_active_counts_once_and_once_on_each_day(
    database: Database, clock: ManualClock, cast: Cast
) -> None:
    now = clock.now()
    shared = await add_model_with_jobs(database, cast.alice, now, now - timedelta(hours=1), now - DAY, now - 8 * DAY)
    await set_scope(database, shared, "TEAM")
    await add_job(database, cast.bob, shared, finished_at=now)
    await UseBook(database, clock).count_some()
    await add_model_with_jobs(database, cast.alice, now)

    async with database.read() as session:
        active = await count_active(session, cast.alice, WEEK, UseFilter(), now)

    assert (active.users.recent, active.users.previous) == (2, 1)
    assert [value for _, value in active.users.days] == [0, 0, 0, 0, 0, 1, 2]
    assert (active.versions.recent, active.versions.previous) == (2, 1)
    assert [value for _, value in active.versions.days] == [0, 0, 0, 0, 0, 1, 2]


async def test_a_past_period_has_nothing_of_today(database: Database, clock: ManualClock, cast: Cast) -> None:
    model_id = await add_model_with_jobs(database, cast.alice, clock.now())
    await add_job(database, cast.alice, model_id, created_at=clock.now())

    uses = await _uses(database, clock, cast.alice, period=WEEK.before)

    assert (uses.jobs.recent, uses.jobs.previous) == (0, 0)


async def test_a_role_is_needed(database: Database, clock: ManualClock, cast: Cast) -> None:
    with pytest.raises(RoleMissing):
        await _uses(database, clock, with_roles(cast.alice))
