"""The page of the audit trail: filters, older events, export, and whether the trail is sound."""

from urllib.parse import urlsplit

from fastapi import FastAPI
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.domain.accounts.roles import Role
from modelyard.domain.audit.record import record
from modelyard.domain.audit.tables import AuditEvent
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.people import add_someone
from tests.entrypoints.web.forms import links, look, send, words
from tests.entrypoints.web.test_team_pages import TEAM

AUDIT = "/people/audit"


async def _events(platform: Platform, number: int = 1) -> None:
    async with platform.database.write() as session:
        for position in range(number):
            record(session, platform.clock, CAST.bob, "model:created", f"model/{position}", name="<i>hostile</i>")


async def test_events_are_told_and_narrowed(olga: AsgiClient, platform: Platform) -> None:
    await _events(platform)
    await send(olga, TEAM, name="Renamed")

    page = await look(olga, AUDIT)
    assert "team:changed" in page
    assert "model:created" in page
    assert "<i>hostile" not in page

    page = await look(olga, f"{AUDIT}?action=model&actor=BOB@example.org&startDate=2001-01-01T00:00")
    assert "model:created" in page
    assert ">team:changed<" not in page
    assert 'value="model"' in page
    assert "No event fits" in await look(olga, f"{AUDIT}?target=nothing")
    assert "must be a time" in await look(olga, f"{AUDIT}?startDate=yesterday", 400)


async def test_older_ones_and_the_export_keep_the_filters(olga: AsgiClient, platform: Platform) -> None:
    await _events(platform, 60)

    page = await look(olga, f"{AUDIT}?action=model")
    older = next(address for address in links(page) if "before=" in address)
    assert "action=model" in older
    assert ">model/9<" not in page
    page = await look(olga, older)
    assert ">model/9<" in page
    assert f"{AUDIT}?action=model" in links(page)

    export = next(address for address in links(page) if "format=csv" in address)
    answer = await olga.call("GET", export)
    assert answer.status == 200
    assert answer.body.count(b"model:created") == 60
    assert urlsplit(export).path == "/api/audit/export"


async def test_whether_the_trail_is_sound(olga: AsgiClient, platform: Platform) -> None:
    await _events(platform, 3)
    answer = await send(olga, f"{AUDIT}/check")
    assert "The trail is sound" in words(answer.body.decode())

    async with platform.database.write() as session:
        await session.execute(update(AuditEvent).where(AuditEvent.target == "model/1").values(target="model/x"))
    answer = await send(olga, f"{AUDIT}/check")
    assert "was altered" in words(answer.body.decode())


async def test_the_trail_is_checked_once_at_a_time(app: FastAPI, olga: AsgiClient) -> None:
    async with app.state.checking_trail:
        answer = await send(olga, f"{AUDIT}/check")
        assert answer.status == 409
        assert "being checked already" in words(answer.body.decode())
    assert (await send(olga, f"{AUDIT}/check")).status == 200


async def test_everybody_reads_as_far_as_they_may(
    app: FastAPI, alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, platform: Platform
) -> None:
    await _events(platform)
    head = await add_someone(app, platform, Role.ACCOUNT_ADMIN)
    stranger = await add_someone(
        app, platform, Role.ACCOUNT_ADMIN, team=CAST.charlie.team_id, account=CAST.charlie.account_id
    )

    for client in (alice, bob, charlie):
        await look(client, AUDIT, 403)
        assert (await send(client, f"{AUDIT}/check")).status == 403
    page = await look(head.client, AUDIT)
    assert "model:created" in page
    assert "Check the chain" not in words(page)
    assert (await send(head.client, f"{AUDIT}/check")).status == 404
    assert "No event fits" in await look(stranger.client, f"{AUDIT}?action=model")
    assert "No event fits" in await look(head.client, f"{AUDIT}?account={CAST.charlie.account_id}")
