"""The pages of jobs: the list, progress, errors by cause, results in place, and who sees what."""

import json
import re
from typing import Any

from sqlalchemy import select, update

from modelyard.app import Platform
from modelyard.domain.engines.tables import Situation
from modelyard.domain.jobs.status import ErrorSide, ItemState, JobStatus
from modelyard.domain.jobs.tables import ItemInput, ItemOutput, Job, JobItem
from tests.asgi import AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect
from tests.entrypoints.web.forms import BROWSER, links, look, send, words
from tests.library import add_active

HOSTILE = '<script>alert("x")</script>'


async def _submit(alice: AsgiClient, platform: Platform, *names: str) -> str:
    model_id = await add_active(platform.database, CAST.alice)
    sources = {name: {"input.txt": "a good day"} for name in names or ("one", "two", "three")}
    body = {"model": {"identifier": model_id, "version": "0.1.0"}, "input": {"type": "text", "sources": sources}}
    return str(expect(await alice.call("POST", "/api/jobs", body), 202)["jobIdentifier"])


async def _finish(platform: Platform, job: str, outcomes: list[dict[str, Any]]) -> None:
    """Writes what engines would have: for each item an error, or outputs by name."""
    async with platform.database.write() as session:
        items = (await session.scalars(select(JobItem).where(JobItem.job_id == job).order_by(JobItem.position))).all()
        for item, outcome in zip(items, outcomes, strict=True):
            item.state = ItemState.FAILED if "error" in outcome else ItemState.SUCCESSFUL
            item.error, item.error_side = outcome.get("error"), ErrorSide.MODEL if "error" in outcome else None
            item.latency_ms = 12
            for name, (media_type, data) in outcome.get("outputs", {}).items():
                session.add(ItemOutput(item_id=item.id, name=name, media_type=media_type, size=len(data), data=data))
        failed = sum("error" in outcome for outcome in outcomes)
        done = {"completed": len(outcomes) - failed, "failed": failed, "status": JobStatus.COMPLETED}
        now = platform.clock.now()
        await session.execute(update(Job).where(Job.id == job).values(started_at=now, finished_at=now, **done))


async def test_without_jobs_the_page_says_how_to_send_one(alice: AsgiClient) -> None:
    assert "modelyard run MODEL FILE" in await look(alice, "/jobs")
    assert "No job fits" in await look(alice, "/jobs?search=nothing")


async def test_the_list_leads_to_jobs_and_models(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform)

    page = await look(alice, "/jobs")

    assert f"/jobs/{job}" in links(page)
    assert "0 of 3" in words(page)
    assert "/jobs?status=PENDING" in links(page)
    assert job[:8] in await look(alice, f"/jobs?search={job}&status=PENDING")
    assert "No job fits" in await look(alice, "/jobs?status=COMPLETED")


async def test_the_list_looks_again_and_keeps_its_filters(alice: AsgiClient, platform: Platform) -> None:
    assert 'hx-trigger="every 15s"' in await look(alice, "/jobs")  # a first job may come
    job = await _submit(alice, platform)

    page = await look(alice, "/jobs?status=PENDING")
    assert 'hx-get="/jobs?status=PENDING"' in page
    assert 'hx-trigger="every 3s"' in page
    assert "hx-trigger" not in await look(alice, "/jobs?page=2")

    await send(alice, f"/jobs/{job}/cancel")
    assert 'hx-trigger="every 15s"' in await look(alice, "/jobs")


async def test_a_job_under_way_refreshes_itself_and_can_be_canceled(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform)

    page = await look(alice, f"/jobs/{job}")
    assert 'hx-trigger="every 1s"' in page
    assert "0 of 3" in words(page)

    answer = await send(alice, f"/jobs/{job}/cancel")
    assert (answer.status, answer.headers["location"]) == (303, f"/jobs/{job}")
    page = await look(alice, f"/jobs/{job}")
    assert "3 canceled: the job was canceled" in words(page)
    assert "Canceled 3" in words(page)
    assert "Errors by cause" not in page
    assert "Do what was canceled" in page
    assert "every 1s" not in page
    assert "two" in words(await look(alice, f"/jobs/{job}?items=canceled"))
    assert "No items are failed" in await look(alice, f"/jobs/{job}?items=failed")
    assert "Cancel the job" not in page


async def test_what_came_out_of_each_item(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, "one", "two", "three", "four")
    large = json.dumps({"text": "x" * 10_000}).encode()
    await _finish(
        platform,
        job,
        [
            {"outputs": {"results.json": ("application/json", b'{"label":"good"}'), "mask.png": ("image/png", b"x")}},
            {"error": "The model rejected it: no text."},
            {"error": "The model rejected it: no text."},
            {"outputs": {"results.json": ("application/json", large)}},
        ],
    )

    page = await look(alice, f"/jobs/{job}")

    assert "2 The model rejected it" in words(page).replace("model The", "The")
    assert "label &#34;good&#34;" in re.sub("<[^>]+>", "", page)
    assert f'<img src="/api/results/{job}/datasource/one/output/mask.png"' in page
    assert f"/api/results/{job}/datasource/four/output/results.json" in links(page)
    assert "xxxxx" not in page
    assert f"/api/results/{job}/results.jsonl" in links(page)
    failed = await look(alice, f"/jobs/{job}?items=failed")
    assert "two" in words(failed)
    assert ">one<" not in failed
    assert "No items are waiting" in await look(alice, f"/jobs/{job}?items=waiting")
    assert "items must be one of" in await look(alice, f"/jobs/{job}?items=odd", 400)


async def test_the_answer_of_each_item_is_in_its_row(alice: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, "one", "two")
    predictions = [{"class": "positive", "score": 0.97412}, {"class": "negative", "score": 0.02588}]
    answer = json.dumps({"data": {"result": {"classPredictions": predictions}, "drift": {"distance": 0.5}}}).encode()
    await _finish(platform, job, [{"outputs": {"results.json": ("application/json", answer)}}, {"error": "no text"}])

    page = await look(alice, f"/jobs/{job}")

    assert '<span class="strong">positive (0.974)</span>' in page
    assert '<meter min="0" max="1" value="0.97412" aria-label="positive">' in page
    assert re.search(r'<details open><summary><span class="key">classPredictions', page)
    assert words(page).count("a good day") == 2  # what was sent
    assert "a good day" not in await look(olga, f"/jobs/{job}")


async def test_a_job_with_errors_is_not_called_completed(alice: AsgiClient, platform: Platform) -> None:
    some, none = await _submit(alice, platform, "one", "two"), await _submit(alice, platform, "one")
    await _finish(platform, some, [{"outputs": {}}, {"error": "no text"}])
    await _finish(platform, none, [{"error": "no text"}])

    assert "with errors 2 of 2" in words(await look(alice, f"/jobs/{some}"))
    assert "All 2 Done 1 Failed 1" in words(await look(alice, f"/jobs/{some}"))
    assert "failed 1 of 1" in words(await look(alice, f"/jobs/{none}"))
    page = await look(alice, "/jobs")
    assert "completed" not in page
    assert 'aria-label="1 done and 1 failed of 2"><rect class="done" width="50.00" height="1"/>' in page
    assert expect(await alice.call("GET", f"/api/jobs/{none}"), 200)["status"] == "COMPLETED"


async def test_items_wait_while_no_engine_is_ready(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, "one")
    async with platform.database.write() as session:
        version_id = await session.scalar(select(Job.version_id).where(Job.id == job))
        await session.execute(update(JobItem).values(state=ItemState.RUNNING))
    assert "running" in words(await look(alice, f"/jobs/{job}"))

    async with platform.database.write() as session:
        reason = "no engine is ready yet; one is being started"
        now = platform.clock.now()
        session.add(Situation(version_id=version_id, reason=reason, is_quarantine=False, since=now))

    page = words(await look(alice, f"/jobs/{job}"))
    assert "no engine is ready yet" in page
    assert "one a good day waiting" in page
    assert "running" not in page


async def test_what_was_sent_can_be_fetched_of_every_item(
    alice: AsgiClient, olga: AsgiClient, platform: Platform
) -> None:
    job = await _submit(alice, platform, "one", "two")
    async with platform.database.write() as session:
        await session.execute(update(ItemInput).values(data=b"\x89PNG\r\n\x1a\n"))

    address = f"/jobs/{job}/input?name=input.txt&item=two"
    assert f'<img src="{address.replace("&", "&amp;")}"' in await look(alice, f"/jobs/{job}")
    answer = await alice.call("GET", address)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert (await alice.call("GET", address.replace("two", "three"))).status == 404
    assert (await olga.call("GET", address)).status == 404


async def test_every_address_of_a_download_answers(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, "one")
    await _finish(platform, job, [{"outputs": {"results.json": ("application/json", b'{"a":1}')}}])

    page = await look(alice, f"/jobs/{job}")

    downloads = [address for address in links(page) if address.startswith("/api/results/")]
    assert len(downloads) == 4
    for address in downloads:
        assert (await alice.call("GET", address)).status == 200, address


async def test_many_items_come_in_pages(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, *(f"item {number}" for number in range(60)))

    first = await look(alice, f"/jobs/{job}")
    following = next(address for address in links(first) if "page=2" in address)

    assert ">item 49<" in first
    assert ">item 50<" not in first
    assert ">item 59<" in await look(alice, following)


async def test_what_failed_can_be_done_again(alice: AsgiClient, olga: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, "one", "two")
    await _finish(platform, job, [{"outputs": {}}, {"error": "no text"}])
    assert "Do what failed again" in await look(alice, f"/jobs/{job}")
    assert "only who submitted the job can do its items again" in await look(olga, f"/jobs/{job}")
    assert (await send(olga, f"/jobs/{job}/retry")).status == 403

    answer = await send(alice, f"/jobs/{job}/retry")

    assert answer.status == 303
    again, _, query = answer.headers["location"].rpartition("/")[2].partition("?")
    page = await look(alice, f"/jobs/{again}?{query}")
    assert "0 of 1" in words(page)
    assert f"These items had no result in the job {job[:8]}" in words(page)
    assert f"/jobs/{job}" in links(page)
    assert "had no result in" not in await look(alice, f"/jobs/{again}")
    await look(alice, f"/jobs/{again}?again-of=unknown", 404)
    assert "has not ended" in words((await send(alice, f"/jobs/{again}/retry")).body.decode())
    assert "Do what failed again" not in await look(alice, f"/jobs/{again}")
    receipt = expect(await alice.call("POST", f"/api/jobs/{job}/retry"), 202)
    assert receipt["jobInputs"] == {"identifier": ["two"]}


async def test_what_failed_cannot_be_done_again_without_its_inputs(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, "one")
    await _finish(platform, job, [{"error": "no text"}])
    async with platform.database.write() as session:
        await session.execute(update(Job).values(inputs_deleted_at=platform.clock.now()))

    page = await look(alice, f"/jobs/{job}")

    assert "its inputs were deleted at" in page
    assert "Do what failed again" not in page


async def test_strangers_find_nothing(
    alice: AsgiClient, charlie: AsgiClient, anybody: AsgiClient, platform: Platform
) -> None:
    job = await _submit(alice, platform)

    assert "There is no job" in await look(charlie, f"/jobs/{job}", 404)
    assert (await send(charlie, f"/jobs/{job}/cancel")).status in {403, 404}
    assert job[:8] not in await look(charlie, "/jobs")
    assert (await anybody.call("GET", f"/jobs/{job}", headers=dict(BROWSER))).status == 303
    assert "0 of 3" in words(await look(alice, f"/jobs/{job}"))


async def test_hostile_names_and_outputs_are_text(alice: AsgiClient, platform: Platform) -> None:
    job = await _submit(alice, platform, HOSTILE, "'\"/../ü")
    await _finish(
        platform,
        job,
        [
            {"outputs": {HOSTILE: ("text/html", HOSTILE.encode()), "a.svg": ("image/svg+xml", HOSTILE.encode())}},
            {"error": HOSTILE},
        ],
    )

    page = await look(alice, f"/jobs/{job}")

    assert "<script>alert" not in page
    assert "<img src" not in page.partition('id="live"')[2]  # what can hold scripts is no picture
