"""The audit trail: who did what, in the transaction of what it tells."""

from datetime import timedelta

import pytest
import structlog

from modelyard.core.database import Database
from modelyard.domain.audit.record import PLATFORM, Outsider, record
from tests.cast import Cast
from tests.domain.audit.trails import events, tell
from tests.manual_clock import ManualClock


async def test_event_says_who_did_what_when_and_from_where(database: Database, clock: ManualClock, cast: Cast) -> None:
    with structlog.contextvars.bound_contextvars(request_id="request-1", address="192.0.2.7"):
        async with database.write() as session:
            record(session, clock, cast.alice, "model:version:activated", "model/a/1.0.0", before="partial")

    (event,) = await events(database)
    assert event.at == clock.now()
    assert (event.account_id, event.actor) == (cast.alice.account_id, "alice@example.org")
    assert (event.user_id, event.key_prefix) == (cast.alice.user_id, cast.alice.key_prefix)
    assert (event.action, event.target) == ("model:version:activated", "model/a/1.0.0")
    assert event.details == {"before": "partial"}
    assert (event.request_id, event.address) == ("request-1", "192.0.2.7")


async def test_the_platform_acts_for_no_account(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "audit:expired", subject=PLATFORM)

    (event,) = await events(database)
    assert (event.actor, event.account_id, event.user_id, event.key_prefix) == ("platform", None, None, None)


async def test_times_are_as_exact_as_they_are_shown(database: Database, clock: ManualClock) -> None:
    await clock.advance(0.000_999)
    await tell(database, clock, "model:created")

    (event,) = await events(database)
    assert clock.now() - event.at == timedelta(microseconds=999)


async def test_a_text_that_no_database_takes_does_not_fail_what_it_tells(
    database: Database, clock: ManualClock
) -> None:
    stranger = Outsider("a\0b\ud800" + "x" * 400, key_prefix="k" * 100)
    await tell(database, clock, "x" * 100, subject=stranger, target="t" * 300)

    (event,) = await events(database)
    assert event.actor.startswith("a\\u0000b?x")
    assert len(event.actor) == 320
    assert (len(event.action), len(event.target), len(event.key_prefix or "")) == (80, 200, 64)


async def test_what_nobody_can_see_is_stored_as_its_number(database: Database, clock: ManualClock) -> None:
    stranger = Outsider("plat\u200bform\u202e\u2028\n\x1b[2J", key_prefix="k\u2029")
    await tell(database, clock, "session:refused", subject=stranger, target="user/\ufeffé")

    (event,) = await events(database)
    assert event.actor == "plat\\u200bform\\u202e\\u2028\\u000a\\u001b[2J"
    assert (event.key_prefix, event.target) == ("k\\u2029", "user/\\ufeffé")


async def test_details_are_kept_as_they_are_read(database: Database, clock: ManualClock) -> None:
    await tell(database, clock, "model:changed", after={10: "ten", 9: "nine"}, fields=("a", "b"))

    (event,) = await events(database)
    assert event.details == {"after": {"10": "ten", "9": "nine"}, "fields": ["a", "b"]}


async def test_details_that_are_no_plain_values_are_a_mistake(database: Database, clock: ManualClock) -> None:
    for value in (object(), float("nan")):
        with pytest.raises((TypeError, ValueError)):
            await tell(database, clock, "model:changed", after=value)

    assert await events(database) == []
