"""The pages of operations: what was done, machines, alerts, and who sees what of it."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.jobs.tables import Job
from modelyard.domain.models.tables import Model
from modelyard.domain.monitoring.alert_history import AlertWatch
from modelyard.domain.monitoring.tables import MachineUse
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.domain.monitoring.past import add_job, add_model_with_jobs
from tests.entrypoints.web.forms import BROWSER, links, look, span_of_charts, words

HOSTILE = '<script>alert("x")</script>'


async def test_what_was_done(alice: AsgiClient, charlie: AsgiClient, platform: Platform) -> None:
    now = platform.clock.now()
    ended = (now - timedelta(days=1), now - timedelta(days=8), now)
    model_id = await add_model_with_jobs(platform.database, CAST.alice, *ended)

    page = await look(alice, "/operations")

    text = words(page)
    assert "Predictions 6 +100 % against the 7 days before" in text
    assert "Data processed 2 kB" in text
    assert "Active users 1 as in the 7 days before" in text
    assert f"/models/{model_id}/0.1.0" in links(page)
    assert "Alice Example alice@example.org 2 100 ms" in text
    assert f'<td data-day="{now.date()}">' in page  # what charts are drawn from, and read without them
    unseen = words(await look(charlie, "/operations"))
    assert "Predictions 0 as in the 7 days before" in unseen
    assert "Nobody ran a model in this period" in unseen
    assert "alice" not in unseen


async def test_the_period_stands_in_the_address(alice: AsgiClient, platform: Platform) -> None:
    at = platform.clock.now() - timedelta(days=20)
    await add_model_with_jobs(platform.database, CAST.alice, at)

    assert "/operations?days=30" in links(await look(alice, "/operations"))
    assert "Predictions 3 none in the 30 days before" in words(await look(alice, "/operations?days=30"))
    assert "Predictions 0 as on the day before" in words(await look(alice, "/operations?days=1"))
    day = at.date()
    page = await look(alice, f"/operations?begin-date={day}&end-date={day}")
    assert "Predictions 3" in words(page)
    assert f'name="begin-date" value="{day}"' in page


@pytest.mark.parametrize(
    ("query", "kept", "says"),
    [
        ("begin-date=2026-01-02&end-date=2026-01-01", ["2026-01-02", "2026-01-01"], "cannot be shown"),
        ("begin-date=soon", ["soon"], "must be a time"),
        ("days=8", [], "days must be one of"),
    ],
)
@pytest.mark.parametrize("path", ["/operations", "/operations/alerts"])
async def test_a_wrong_period_is_told_beside_the_chooser(
    alice: AsgiClient, path: str, query: str, kept: list[str], says: str
) -> None:
    page = await look(alice, f"{path}?{query}", 400)

    assert says in words(page)
    assert 'aria-invalid="true"' in page
    assert all(f'value="{text}"' in page for text in kept)


async def test_machines(alice: AsgiClient, platform: Platform) -> None:
    assert "No samples of this period" in await look(alice, "/operations")
    columns = ("cpu_available", "cpu_requested", "cpu_used", "memory_available", "memory_requested", "memory_used")
    row = dict(zip(columns, (4000, 2000, 1500, 8_000_000_000, 2, 1_000_000_000), strict=True))
    async with platform.database.write() as session:
        session.add(MachineUse(at=int(platform.clock.now().timestamp()) - 60, node="one", **row))

    page = await look(alice, "/operations")

    assert "1.50 of 4 cores now" in words(page)
    assert "1 GB of 8 GB now" in words(page)
    begin, end = span_of_charts(page)
    assert begin % 86_400 == 0
    assert end // 86_400 - begin // 86_400 == 6
    assert 0 <= platform.clock.now().timestamp() - end < 60


async def test_alerts_say_what_to_do(alice: AsgiClient, charlie: AsgiClient, platform: Platform) -> None:
    now = platform.clock.now()
    model_id = await add_model_with_jobs(platform.database, CAST.alice)
    job = await add_job(platform.database, CAST.alice, model_id, created_at=now - timedelta(hours=1))
    async with platform.database.write() as session:
        await session.execute(update(Model).values(expires_at=now + timedelta(days=2), name=HOSTILE))
        await session.execute(update(Job).values(model_name=HOSTILE))
    await AlertWatch(platform.database, platform.clock, platform.alert_rules).look()

    page = await look(alice, "/operations/alerts")

    assert f"/jobs/{job}" in links(page)
    assert f"/models/{model_id}" in links(page)
    assert "cancel it, or give its version more engines" in page
    assert "Nothing has happened for 60 min" in page
    assert words(page).count("still") == 2
    assert "<script>alert" not in page
    assert "Stuck job : 1 now" in words(await look(alice, "/operations"))
    unseen = await look(charlie, "/operations/alerts")
    assert "Nothing asks for attention" in unseen
    assert "Nothing asked for attention in this period" in unseen


async def test_what_is_now_renews_itself(alice: AsgiClient, platform: Platform) -> None:
    page = await look(alice, "/operations")
    assert 'hx-get="/operations?part=now"' in page
    model_id = await add_model_with_jobs(platform.database, CAST.alice)
    await add_job(platform.database, CAST.alice, model_id, created_at=platform.clock.now() - timedelta(hours=1))

    now = await look(alice, "/operations?part=now")

    assert "Stuck job : 1 now" in words(now)
    assert "No engine runs and nothing waits" in words(now)
    assert "Most active users" not in now


async def test_hostile_names_are_text(alice: AsgiClient, platform: Platform) -> None:
    await add_model_with_jobs(platform.database, CAST.alice, platform.clock.now(), model_name=HOSTILE)

    page = await look(alice, "/operations")

    assert "<script>alert" not in page
    assert "alert(&#34;x&#34;)" in page


@pytest.mark.parametrize("path", ["/operations", "/operations/alerts", "/operations/engines"])
async def test_who_is_not_known_signs_in(anybody: AsgiClient, path: str) -> None:
    answer = await anybody.call("GET", path, headers=dict(BROWSER))

    assert (answer.status, answer.headers["location"]) == (303, f"/sign-in?next={path}")
