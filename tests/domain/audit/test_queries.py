"""Lists hold exactly what matches, newest first, whichever way it is found."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from modelyard.core.database import Database
from modelyard.domain.audit import queries
from modelyard.domain.audit.export import stream_events
from modelyard.domain.audit.filters import EventFilter
from modelyard.domain.audit.queries import list_events
from modelyard.domain.audit.record import PLATFORM, Outsider, Subject
from modelyard.domain.audit.tables import AuditEvent
from tests.domain.audit.trails import bare_database, events, tell
from tests.manual_clock import START, ManualClock

ROWS = 200
PEOPLE: tuple[Subject, ...] = (
    Outsider("ada@example.org", "acme", "ada", "k1", "vision"),
    Outsider("ada@example.org", "acme", "ada", "k4", "sound"),
    Outsider("ada@new.example.org", "acme", "ada", "k1"),
    Outsider("bob@example.org", "acme", "bob", "k2", "vision"),
    Outsider("cy@example.org", "other", "cy", "k3"),
    Outsider("anonymous"),
    PLATFORM,
)
WHAT = (
    ("job:submitted", "job/{}"),
    ("job:canceled", "job/{}"),
    ("model:changed", "model/{}"),
    ("model:version:activated", "model/{}/0.1.0"),
    ("modelling:done", "modelling/{}"),
    ("audit:exported", "audit"),
)


@pytest.fixture
async def trail(empty: str) -> AsyncIterator[Database]:
    database, clock, random = await bare_database(empty), ManualClock(), Random(7)  # noqa: S311 - any will do
    for _ in range(ROWS):
        action, target = random.choice(WHAT)
        await tell(database, clock, action, subject=random.choice(PEOPLE), target=target.format(random.randrange(12)))
        # Some at the same time; and once in a while the clock is set back.
        await clock.advance(random.choice([0, 0, 1, 1, 5, -3]))
    yield database
    await database.close()


FILTERS = st.builds(
    EventFilter,
    account_id=st.sampled_from([None, None, "acme", "other", "nobody"]),
    team_id=st.sampled_from(["", "", "", "vision", "sound", "nobody"]),
    actor=st.sampled_from(["", "", "ada@example.org", "bob@example.org", "platform", "anonymous", "x@example.org"]),
    user_id=st.sampled_from(["", "", "ada", "bob", "cy", "nobody"]),
    action=st.sampled_from(["", "", "job", "job:", "model", "model:version:activated", "audit", "z", "%", "_"]),
    target=st.sampled_from(["", "", "job/", "job/1", "model/", "model/3", "model/3/", "model", "audit", "z", "%"]),
    start=st.none() | st.integers(-10, 150).map(lambda seconds: START + timedelta(seconds=seconds)),
    end=st.none() | st.integers(-10, 150).map(lambda seconds: START + timedelta(seconds=seconds)),
)


def _plainly(rows: Sequence[AuditEvent], wanted: EventFilter) -> list[int]:
    found = [
        row
        for row in rows
        if wanted.account_id in (None, row.account_id)
        and wanted.team_id in ("", row.team_id)
        and wanted.actor in ("", row.actor)
        and wanted.user_id in ("", row.user_id)
        and row.action.startswith(wanted.action)
        and row.target.startswith(wanted.target)
        and (wanted.start is None or row.at >= wanted.start)
        and (wanted.end is None or row.at <= wanted.end)
    ]
    return [row.id for row in sorted(found, key=lambda row: (row.at, row.id), reverse=True)]


async def _all_pages(database: Database, wanted: EventFilter, size: int) -> list[int]:
    found: list[int] = []
    before = None
    while True:
        async with database.read() as session:
            page = await list_events(session, wanted, size, before)
        assert len(page.entries) <= size
        found += [row.id for row in page.entries]
        if not page.has_next:
            return found
        before = found[-1]


@pytest.mark.parametrize(("few_events", "few_targets"), [(10_000, 200), (0, 200), (0, 0), (20, 5)])
async def test_filters_find_what_matches(
    trail: Database, monkeypatch: pytest.MonkeyPatch, few_events: int, few_targets: int
) -> None:
    """By each of the ways, alone and combined, in pages of any size."""
    monkeypatch.setattr(queries, "_FEW_EVENTS", few_events)
    monkeypatch.setattr(queries, "_FEW_TARGETS", few_targets)
    rows = await events(trail)
    cases: list[tuple[EventFilter, int]] = []

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(wanted=FILTERS, size=st.sampled_from([2, 30, 30, 1000]))
    def collect(wanted: EventFilter, size: int) -> None:
        cases.append((wanted, size))

    collect()
    for wanted, size in cases:
        assert await _all_pages(trail, wanted, size) == _plainly(rows, wanted), (wanted, size)


async def test_request_ids_are_found(trail: Database) -> None:
    async with trail.read() as session:
        assert (await list_events(session, EventFilter(request_id="nothing"), 10)).entries == []


async def test_a_page_after_an_event_that_expired_is_empty(trail: Database) -> None:
    async with trail.read() as session:
        found = await list_events(session, EventFilter(), 10, before=10_000)
    assert (found.entries, found.has_next) == ([], False)


async def test_export_reads_everything_that_matches(trail: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelyard.domain.audit.export.ROWS_AT_ONCE", 7)
    rows = await events(trail)
    for wanted in (EventFilter(), EventFilter(action="job:"), EventFilter(action="nothing")):
        pieces = [piece async for piece in stream_events(trail, wanted)]
        assert all(0 < len(piece) <= 7 for piece in pieces)
        assert [row.id for piece in pieces for row in piece] == _plainly(rows, wanted)


INDEXED = (
    EventFilter(),
    EventFilter(start=START, end=START),
    EventFilter(request_id="abc"),
    EventFilter(account_id="acme"),
    EventFilter(account_id="acme", team_id="vision"),
    EventFilter(actor="ada@example.org"),
    EventFilter(user_id="ada"),
    EventFilter(user_id="ada", account_id="acme", action="job:", target="job/", start=START, end=START),
    EventFilter(action="job:"),
    EventFilter(target="job/"),
    EventFilter(account_id="acme", target="model/"),
)


@pytest.mark.sqlite  # it reads SQLite's plan
@pytest.mark.parametrize("few_events", [10_000, 0])
async def test_no_filter_reads_the_whole_table(
    trail: Database, few_events: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a million rows that takes seconds."""
    monkeypatch.setattr(queries, "_FEW_EVENTS", few_events)
    monkeypatch.setattr(queries, "_FEW_TARGETS", 5)
    async with trail.read() as session:
        for wanted in INDEXED:
            for statement in await queries._statements(session, wanted, None, 51):
                _check(wanted, await _plan(session, statement))


def _check(wanted: EventFilter, plan: list[str]) -> None:
    walks = [step for step in plan if step.startswith(("SCAN audit_events", "SEARCH audit_events"))]
    assert walks
    for step in walks:
        in_time_order = step.endswith("USING INDEX ix_audit_events_at") and wanted == EventFilter()
        assert step.startswith("SEARCH") or in_time_order, (wanted, plan)
    if wanted.user_id:  # another index would do as well, but walk what others did
        branches = [step for step in walks if "action=?" in step and "events_action_target" not in step]
        assert all("(user_id=? AND actor=? AND account_id=? AND action=?" in step for step in branches), plan


async def _plan(session: Any, statement: Any) -> list[str]:
    compiled = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    rows = await session.execute(text("EXPLAIN QUERY PLAN " + compiled.replace(":", "\\:")))
    return [row[3] for row in rows]
