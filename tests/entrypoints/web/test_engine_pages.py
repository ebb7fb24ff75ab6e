"""The pages of engines: what runs and waits, how many there may be, and what one prints."""

from pathlib import Path

import pytest
from sqlalchemy import update

from modelyard.app import Platform
from modelyard.core.errors import InvalidInput
from modelyard.domain.engines.tables import Engine, EngineState, Situation
from modelyard.domain.models.tables import Model
from modelyard.domain.monitoring.tables import EngineUse
from modelyard.entrypoints.web.engine_pages import EnginesTyped, read_engines
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import Walk, add_engine, archive, until
from tests.entrypoints.web.forms import links, look, send, span_of_charts, words
from tests.library import add_active, read_version_row, set_scope

HOSTILE = '<script>alert("x")</script>'
ENGINE = "model-batch-one"


async def _add(platform: Platform, **engine: object) -> str:
    """A version with an engine somewhere else, in quarantine; returns the address of its page."""
    model_id = await add_active(platform.database, CAST.alice, maximum_engines=0)
    await add_engine(platform.database, ENGINE)
    row = await read_version_row(platform.database, model_id)
    async with platform.database.write() as session:
        if engine:
            await session.execute(update(Engine).where(Engine.name == ENGINE).values(**engine))
        now = platform.clock.now()
        session.add(Situation(version_id=row.id, reason=f"its engines died {HOSTILE}", is_quarantine=True, since=now))
    return f"/operations/versions/{model_id}/0.1.0"


async def test_nothing_at_work(alice: AsgiClient) -> None:
    assert "No engine runs and nothing waits" in await look(alice, "/operations/engines")
    assert "No version is active" in await look(alice, "/operations/engines?show=all")
    assert "No active version fits" in await look(alice, "/operations/engines?search=nothing")


async def test_versions_at_work(alice: AsgiClient, bob: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    address = await _add(platform)

    for client in (alice, olga):
        page = await look(client, "/operations/engines")
        assert address in links(page)
        assert "1 ready" in words(page)
        assert "quarantined" in words(page)
        assert 'hx-trigger="every 2s"' in page
        assert "<script>alert" not in page
    assert address not in await look(bob, "/operations/engines")


async def test_all_active_versions_and_those_called_so(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice)
    address = f"/operations/versions/{model_id}/0.1.0"

    assert address not in links(await look(alice, "/operations/engines"))
    assert address in links(await look(alice, "/operations/engines?show=all"))
    assert address in links(await look(alice, "/operations/engines?search=ECH"))
    assert address not in links(await look(alice, "/operations/engines?search=%25"))


async def test_many_versions_come_in_pages(
    alice: AsgiClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelyard.entrypoints.web.engine_pages.VERSIONS_AT_ONCE", 1)
    first, second = [await add_active(platform.database, CAST.alice) for _ in range(2)]

    page = await look(alice, "/operations/engines?show=all")
    following = next(address for address in links(page) if "page=2" in address)

    assert first in page
    assert second not in page
    assert second in await look(alice, following)


async def test_how_many_engines(alice: AsgiClient, platform: Platform) -> None:
    address = await _add(platform)
    assert 'name="minimum"' in await look(alice, address)

    answer = await send(alice, address, minimum="1", maximum="3")

    assert (answer.status, answer.headers["location"]) == (303, address)
    row = await read_version_row(platform.database, address.split("/")[3])
    assert (row.minimum_engines, row.maximum_engines) == (1, 3)


@pytest.mark.parametrize(
    ("minimum", "maximum", "says"),
    [
        ("many", "3", "whole number"),
        ("", "3", "whole number"),
        ("1", "-1", "whole number"),
        ("5", "2", "at least 5 is more than at most 2"),
        ("999999", "999999", "999999"),
        (HOSTILE, "1", "whole number"),
    ],
)
async def test_what_cannot_be_set_stays_typed(
    alice: AsgiClient, platform: Platform, minimum: str, maximum: str, says: str
) -> None:
    address = await _add(platform)

    answer = await send(alice, address, minimum=minimum, maximum=maximum)

    page = answer.body.decode()
    assert answer.status in {400, 409}
    assert says in words(page)
    assert 'aria-invalid="true"' in page
    assert "<script>alert" not in page
    if minimum != HOSTILE:
        assert f'name="minimum" inputmode="numeric" required value="{minimum}"' in page
    assert (await read_version_row(platform.database, address.split("/")[3])).maximum_engines == 0


async def test_who_may_not_set_sees_no_form(alice: AsgiClient, bob: AsgiClient, platform: Platform) -> None:
    address = await _add(platform)
    await set_scope(platform.database, address.split("/")[3], "TEAM")

    page = await look(bob, address)

    assert 'name="minimum"' not in page
    assert ENGINE in page
    assert (await send(bob, address, minimum="1", maximum="3")).status == 403
    assert 'name="minimum"' in await look(alice, address)


async def test_strangers_find_nothing(bob: AsgiClient, charlie: AsgiClient, platform: Platform) -> None:
    address = await _add(platform)

    for client in (bob, charlie):
        await look(client, address, 404)
        assert (await send(client, address, minimum="1", maximum="3")).status == 404
    assert "no engine" in await look(charlie, f"/operations/engines/{ENGINE}", 404)


async def test_one_engine(alice: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    await _add(platform)
    address = f"/operations/engines/{ENGINE}"
    assert "No samples of this time" in await look(alice, address)
    at = int(platform.clock.now().timestamp())
    async with platform.database.write() as session:
        session.add(EngineUse(engine_id=ENGINE, at=at - 60, cpu_used=250, memory_used=2_000_000))
        session.add(EngineUse(engine_id=ENGINE, at=at - 7200, cpu_used=500, memory_used=1_000_000))
        await session.execute(update(Model).values(name=HOSTILE))

    page = await look(olga, address)

    assert "0.25 cores last" in words(page)
    assert "2 MB last" in words(page)
    assert page.count("data-at=") == 1
    begin, end = span_of_charts(page)
    assert end - begin == 3600
    assert at <= end < at + 60
    assert (await look(alice, f"{address}?hours=6")).count("data-at=") == 2
    assert "server or worker that runs it is away" in page
    assert "<script>alert" not in page
    assert "hours must be one of" in await look(alice, f"{address}?hours=7", 400)


async def test_an_engine_that_has_ended_says_why(alice: AsgiClient, platform: Platform) -> None:
    now = platform.clock.now()
    values = {"state": EngineState.FAILED, "ended_at": now, "error": "Out of memory.", "technical_information": HOSTILE}
    await _add(platform, **values)

    page = await look(alice, f"/operations/engines/{ENGINE}")

    assert "Out of memory." in page
    assert "alert(&#34;x&#34;)" in page
    assert "data-follow" not in page


@pytest.mark.parametrize(
    ("state", "error", "says"),
    [
        (EngineState.FAILED, "Out of memory.", "It ended for the reason above"),
        (EngineState.STOPPED, None, "It did not fail: the platform stopped it"),
    ],
)
async def test_an_engine_that_has_ended_without_output(
    alice: AsgiClient, platform: Platform, state: EngineState, error: str | None, says: str
) -> None:
    address = await _add(platform, state=state, ended_at=platform.clock.now(), error=error)

    page = words(await look(alice, f"/operations/engines/{ENGINE}"))

    assert says in page
    assert "Nothing that it printed was kept" in page
    listed = await look(alice, address)
    assert f"/operations/engines/{ENGINE}" in links(listed)
    assert (error or "stopped by the platform") in words(listed)


async def test_what_an_engine_printed_is_read_after_its_end(alice: AsgiClient, platform: Platform) -> None:
    values = {"state": EngineState.STOPPED, "ended_at": platform.clock.now(), "technical_information": HOSTILE}
    await _add(platform, **values)

    page = await look(alice, f"/operations/engines/{ENGINE}")

    assert "This is what it printed last" in words(page)
    assert "alert(&#34;x&#34;)" in page


async def test_what_an_engine_prints(alice: AsgiClient, walk: Walk, tmp_path: Path) -> None:
    model_id = await walk.deployed(archive(tmp_path))
    address = f"/operations/versions/{model_id}/0.1.0"
    assert (await send(alice, address, minimum="1", maximum="1")).status == 303
    path = "/api/resources/processing/models"
    rows = await until(alice, path, lambda rows: any(engine["ready"] for row in rows for engine in row["engines"]))
    [name] = [engine["name"] for row in rows for engine in row["engines"]]

    page = await look(alice, f"/operations/engines/{name}")

    assert "the program has started" in page
    assert f"/api/resources/processing/engines/{name}/logs?lines=200&amp;follow=true" in page
    assert f"/operations/engines/{name}" in links(await look(alice, address))


def test_numbers_are_whole() -> None:
    assert read_engines(EnginesTyped(" 1 ", "20")).maximum_engines == 20
    for typed in ("1.5", "²", "1e3", "9" * 7):
        with pytest.raises(InvalidInput):
            read_engines(EnginesTyped(typed, "1"))
