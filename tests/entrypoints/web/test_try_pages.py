"""Trying a version on its page: the form, what is wrong with it, what comes out, and who sees what."""

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update

from modelyard.app import Platform
from modelyard.core.ids import new_uuid
from modelyard.domain.engines.tables import Engine, EngineState, Purpose, Situation
from modelyard.domain.jobs.status import ErrorSide, ItemState, JobStatus
from modelyard.domain.jobs.tables import ItemInput, ItemOutput, Job, JobItem
from modelyard.domain.models.tables import Scope, Version, VersionStatus
from modelyard.entrypoints.web.try_part import look_again_after
from tests.asgi import Answer, AsgiClient
from tests.cast import CAST
from tests.entrypoints.rest.steps import expect
from tests.entrypoints.web.forms import BROWSER, links, look, words
from tests.library import TEXT_INPUT, add_active, audited, set_scope

HOSTILE = '<script>alert("x")</script>'
IMAGE_INPUT = {
    "name": "image",
    "acceptedMediaTypes": "image/png",
    "maximumSize": 200_000,
    "description": "A *picture*.",
}
Part = tuple[str, str | None, str, bytes]
"""Name, file name of a file, media type, content."""


def _picture(side: int = 4) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (side, side)).save(target, "PNG")
    return target.getvalue()


async def _send(client: AsgiClient, path: str, *parts: Part) -> Answer:
    body = b""
    for name, file_name, media_type, content in parts:
        ending = "" if file_name is None else f'; filename="{file_name}"\r\nContent-Type: {media_type}'
        body += f'--edge\r\nContent-Disposition: form-data; name="{name}"{ending}\r\n\r\n'.encode() + content + b"\r\n"
    headers = {"content-type": "multipart/form-data; boundary=edge", **BROWSER}
    return await client.call("POST", path, data=body + b"--edge--\r\n", headers=headers)


def _text(value: str, name: str = "input.txt") -> Part:
    return (f"text:{name}", None, "", value.encode())


NO_FILE: Part = ("file:input.txt", "", "application/octet-stream", b"")
EXPLAIN: Part = ("explain", None, "", b"true")


@pytest.fixture
async def model_id(platform: Platform) -> str:
    return await add_active(platform.database, CAST.alice, explains=True)


async def _try(client: AsgiClient, model_id: str, *parts: Part) -> str:
    """Sends the form; the address that it leads to."""
    answer = await _send(client, f"/models/{model_id}/0.1.0/try", *parts)
    assert answer.status == 303, answer.body[:500]
    return answer.headers["location"].removesuffix("#result")


async def _inputs(platform: Platform, job: str) -> dict[str, bytes | None]:
    query = select(ItemInput).join(JobItem, JobItem.id == ItemInput.item_id).where(JobItem.job_id == job)
    async with platform.database.read() as session:
        return {row.name: row.data for row in await session.scalars(query)}


async def _end(platform: Platform, job: str, output: Any = None, **values: Any) -> None:
    """Writes what an engine would have."""
    now = platform.clock.now()
    async with platform.database.write() as session:
        item = (await session.scalars(select(JobItem).where(JobItem.job_id == job))).one()
        item.state = values.get("state", ItemState.SUCCESSFUL)
        item.error, item.error_side = values.get("error"), values.get("side")
        item.started_at, item.finished_at, item.latency_ms = now, now, 12
        if output is not None:
            data = json.dumps(output).encode()
            stored = ItemOutput(item_id=item.id, name="results.json", media_type="application/json", size=len(data))
            stored.data = data
            session.add(stored)
        done = {"completed": 1, "status": JobStatus.COMPLETED, "finished_at": now}
        await session.execute(update(Job).where(Job.id == job).values(**done))


def _job_of(address: str) -> str:
    return address.rpartition("job=")[2]


async def _result(alice: AsgiClient, platform: Platform, model_id: str, output: Any, *parts: Part) -> str:
    """The page after a try that has ended so."""
    address = await _try(alice, model_id, *(parts or (_text("a good day"), EXPLAIN)))
    await _end(platform, _job_of(address), output)
    return await look(alice, address)


async def test_there_is_a_field_for_each_input(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice, inputs=[TEXT_INPUT, IMAGE_INPUT])

    page = await look(alice, f"/models/{model_id}/0.1.0?part=try")

    assert 'name="text:input.txt"' in page
    assert 'name="file:input.txt"' in page
    assert 'name="text:image"' not in page
    assert 'accept="image/png"' in page
    assert "A <em>picture</em>." in page
    assert "up to 200 kB" in words(page)
    assert "Nothing was sent yet" in page
    assert 'name="explain"' not in page


async def test_the_head_of_other_parts_leads_there(alice: AsgiClient, model_id: str) -> None:
    assert f"/models/{model_id}/0.1.0?part=try" in links(await look(alice, f"/models/{model_id}/0.1.0"))


async def test_the_sample_stands_in_the_fields(alice: AsgiClient, model_id: str) -> None:
    path = f"/api/models/{model_id}/versions/0.1.0/sample-input"
    sample = {"input": {"type": "text", "sources": {"0001": {"input.txt": "a <fine> day", "other": 1}}}}
    expect(await alice.call("PUT", path, sample))
    assert "a &lt;fine&gt; day</textarea>" in await look(alice, f"/models/{model_id}/0.1.0?part=try")

    odd: Any
    for odd in ([], {"input": 1}, {"input": {"type": "embedded", "sources": {"1": {"input.txt": "x"}}}}):
        expect(await alice.call("PUT", path, odd))
        assert ">\n</textarea>" in await look(alice, f"/models/{model_id}/0.1.0?part=try")


async def test_a_text_becomes_a_job_of_one_item(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    address = await _try(alice, model_id, _text("two\r\nlines"), NO_FILE, EXPLAIN)

    assert address.startswith(f"/models/{model_id}/0.1.0?part=try&job=")
    job = _job_of(address)
    assert await _inputs(platform, job) == {"input.txt": b"two\nlines"}
    details = expect(await alice.call("GET", f"/api/jobs/{job}"))
    assert (details["total"], details["explain"]) == (1, True)
    assert await audited(platform.database, f"job/{job}") == ["job:submitted"]


async def test_a_file_wins_over_the_text(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    file: Part = ("file:input.txt", "a.txt", "text/plain; charset=utf-8", b"from the file")

    job = _job_of(await _try(alice, model_id, _text("typed"), file))

    assert await _inputs(platform, job) == {"input.txt": b"from the file"}
    assert expect(await alice.call("GET", f"/api/jobs/{job}"))["explain"] is False


async def test_while_it_waits_the_page_says_why_and_looks_again(
    alice: AsgiClient, platform: Platform, model_id: str
) -> None:
    address = await _try(alice, model_id, _text("a good day"))
    page = await look(alice, address)
    assert "Waiting for its turn." in page
    assert 'hx-trigger="load delay:400ms, every 5s"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "a good day</textarea>" in page

    async with platform.database.write() as session:
        version = (await session.scalars(select(Version.id).where(Version.model_id == model_id))).one()
        reason = "no engine is ready yet; one is being started"
        situation = Situation(version_id=version, reason=reason, is_quarantine=False, since=platform.clock.now())
        await session.merge(situation)  # the platform may have said so already

    assert f"Waiting: {reason}." in await look(alice, address)
    assert f"/jobs/{_job_of(address)}/cancel" in page


async def test_what_came_out_with_its_time(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    page = await _result(alice, platform, model_id, {"label": "good"})

    assert 'label "good"' in words(page)
    assert "Model 12 ms" in words(page)
    assert "Start of the engine" not in page
    assert "no explanation that can be shown" in page
    assert "hx-trigger" not in page.partition('id="result"')[2]
    assert "http-equiv" not in page


async def test_the_start_of_the_engine_is_told_where_the_item_waited_for_it(
    alice: AsgiClient, platform: Platform, model_id: str
) -> None:
    address = await _try(alice, model_id, _text("a good day"))
    now = platform.clock.now()
    began = now - timedelta(milliseconds=1_200)
    async with platform.database.write() as session:
        item = (await session.scalars(select(JobItem))).one()
        item.engine = "engine"
        item.queued_at = began
        facts = {"purpose": Purpose.SERVE, "state": EngineState.READY, "owner": "test", "version_id": item.version_id}
        session.add(Engine(id=new_uuid(), name="engine", created_at=began, ready_at=now, **facts))
    assert "The last engine of this version took 1.2 s to start." in words(await look(alice, address))

    await _end(platform, _job_of(address), {"label": "good"})

    assert "Start of the engine 1.2 s" in words(await look(alice, address))


async def test_programs_do_the_same(alice: AsgiClient, model_id: str) -> None:
    page = await look(alice, f"/models/{model_id}/0.1.0?part=try")

    assert f"modelyard run {model_id}@0.1.0 --text" in page
    assert "curl -sS" in page
    answer = await alice.call("GET", f"/models/{model_id}/0.1.0/try")
    assert (answer.status, answer.headers["location"]) == (303, f"/models/{model_id}/0.1.0?part=try")


async def test_predictions_and_words_are_marked(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    contribution = {"word": "good", "start": 2, "end": 6, "contribution": 0.44}
    data = {
        "result": {"classPredictions": [{"class": "positive", "score": 0.75}]},
        "explanation": {"wordContributions": [contribution]},
    }

    page = await _result(alice, platform, model_id, {"data": data})

    assert "positive 0.75" in words(page)
    assert '<mark class="for level-4" title="+0.44">good<sup' in page
    assert "no explanation" not in page


async def test_a_mask_lies_over_the_picture(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice, inputs=[IMAGE_INPUT], explains=True)
    explanation = {"maskRLE": [[0, 2, 14]], "dimensions": {"width": 4, "height": 4}}
    file: Part = ("file:image", "a.png", "image/png", _picture())

    page = await _result(alice, platform, model_id, {"data": {"explanation": explanation}}, file, EXPLAIN)

    source = re.findall(r'<img src="(/jobs/[^"]+)"', page)
    assert '<path d="M0 0h1v2h-1z"/>' in page
    assert "12.5 % of the picture" in page
    assert len(source) == 1
    answer = await alice.call("GET", source[0])
    assert (answer.body, answer.headers["content-type"]) == (_picture(), "image/png")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_large_and_foreign_inputs_are_answered_as_what_they_are(alice: AsgiClient, platform: Platform) -> None:
    anything = {**IMAGE_INPUT, "acceptedMediaTypes": "application/octet-stream"}
    model_id = await add_active(platform.database, CAST.alice, inputs=[anything])
    for content, media_type in ((b"<svg>" * 20_000, "application/octet-stream"), (b"RIFF1234WAVEfmt", "audio/wav")):
        address = await _try(alice, model_id, ("file:image", "x", "", content))
        answer = await alice.call("GET", f"/jobs/{_job_of(address)}/input?name=image")
        assert (answer.body, answer.headers["content-type"]) == (content, media_type)
        assert answer.headers["content-disposition"].startswith("attachment" if b"svg" in content else "inline")


async def test_an_error_says_whose_it_is(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    address = await _try(alice, model_id, _text("a good day"))
    await _end(platform, _job_of(address), state=ItemState.FAILED, error="no day is good", side=ErrorSide.MODEL)

    page = words(await look(alice, address))

    assert "The model failed no day is good" in page


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([_text(""), NO_FILE], "Put a text in, or choose a file."),
        ([_text("x" * 1001)], "The input 'input.txt' has 1001 bytes; at most 1000 are allowed."),
        (
            [("file:input.txt", "a.png", "image/png", b"x")],
            "The input 'input.txt' is image/png; accepted are: text/plain.",
        ),
    ],
)
async def test_what_is_wrong_stands_at_the_field(
    alice: AsgiClient, platform: Platform, model_id: str, parts: list[Part], told: str
) -> None:
    answer = await _send(alice, f"/models/{model_id}/0.1.0/try", *parts, EXPLAIN)

    page = answer.body.decode()
    assert answer.status == 400
    assert told in words(page)
    assert 'aria-invalid="true"' in page
    assert 'name="explain" value="true" checked' in page
    if parts[0][3].startswith(b"xx"):
        assert "x" * 1001 + "</textarea>" in page
    async with platform.database.read() as session:
        assert (await session.scalars(select(Job))).all() == []


async def test_what_breaks_the_schema_is_told_without_the_name_of_the_item(
    alice: AsgiClient, platform: Platform
) -> None:
    entry = {**TEXT_INPUT, "name": "in.json", "acceptedMediaTypes": "application/json"}
    schema = json.dumps({"type": "object", "required": ["values"]})
    model_id = await add_active(platform.database, CAST.alice, inputs=[entry], input_validation_schema=schema)

    answer = await _send(alice, f"/models/{model_id}/0.1.0/try", _text('{"a": 1}', "in.json"))

    page = words(answer.body.decode())
    assert answer.status == 400
    assert "The input 'in.json' breaks the version's schema of inputs" in page
    assert "0001: " not in page
    assert '{"a": 1}' in page


async def test_versions_that_do_not_run_say_so(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    expect(await alice.call("POST", f"/api/models/{model_id}/versions", {"version": "0.2.0"}), 201)
    assert "declares no inputs yet" in await look(alice, f"/models/{model_id}/0.2.0?part=try")
    async with platform.database.write() as session:
        row = (await session.scalars(select(Version).where(Version.version == "0.2.0"))).one()
        row.inputs = [TEXT_INPUT]

    page = await look(alice, f"/models/{model_id}/0.2.0?part=try")
    assert "jobs need an active one" in words(page)
    assert f"/models/{model_id}/0.1.0?part=try" in links(page)
    assert "<textarea" not in page

    answer = await _send(alice, f"/models/{model_id}/0.2.0/try", _text("a good day"))
    assert answer.status == 409
    assert "jobs need an active one" in words(answer.body.decode())


async def test_forms_that_are_none(alice: AsgiClient, model_id: str, platform: Platform) -> None:
    path = f"/models/{model_id}/0.1.0/try"
    headers = {"content-type": "multipart/form-data", **BROWSER}
    for answer, status in (
        (await alice.call("POST", path, data=b"a=b", headers={**BROWSER}), 400),
        (await alice.call("POST", path, data=b"a=b", headers=headers), 400),
        (
            await alice.call(
                "POST", path, data=b"--edge", headers={**headers, "content-type": "multipart/form-data; boundary=edge"}
            ),
            400,
        ),
        (
            await alice.call(
                "POST",
                path,
                data=b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--edge--\r\n',
                headers={**headers, "content-type": "multipart/form-data; boundary=edge; charset=undefined"},
            ),
            400,
        ),
        (await _send(alice, path, *[_text("x")] * 100), 400),
        (await _send(alice, path, _text("x" * (platform.settings.max_body_bytes + 1))), 413),
    ):
        assert answer.status == status, answer.body[-300:]
        assert "message" not in answer.headers["content-type"]


async def test_others_see_what_came_out_but_not_what_was_put_in(
    alice: AsgiClient, bob: AsgiClient, charlie: AsgiClient, olga: AsgiClient, platform: Platform, model_id: str
) -> None:
    await set_scope(platform.database, model_id, Scope.TEAM)
    explanation = {"wordContributions": [{"word": "good", "contribution": 0.5}]}
    address = await _try(alice, model_id, _text("a secret good day"), EXPLAIN)
    job = _job_of(address)
    await _end(platform, job, {"data": {"explanation": explanation}})

    for client in (bob, olga):
        page = await look(client, address)
        assert "secret" not in page
        assert "good +0.5" in words(page)
        assert (await client.call("GET", f"/jobs/{job}/input?name=input.txt")).status == 404
    assert "a secret" in await look(alice, address)
    assert (await alice.call("GET", f"/jobs/{job}/input?name=input.txt")).body == b"a secret good day"
    assert (await alice.call("GET", f"/jobs/{job}/input?name=other")).status == 404
    await look(charlie, address, 404)
    assert (await _send(charlie, f"/models/{model_id}/0.1.0/try", _text("x"))).status == 404
    assert (await charlie.call("GET", f"/jobs/{job}/input?name=input.txt")).status == 404


async def test_a_job_of_another_version_is_not_found(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    other = await add_active(platform.database, CAST.alice, image_id="sha256:" + "b" * 64)
    job = _job_of(await _try(alice, other, _text("x")))

    assert "There is no job" in await look(alice, f"/models/{model_id}/0.1.0?part=try&job={job}", 404)


async def test_without_a_form_of_ours_nothing_is_sent(alice: AsgiClient, anybody: AsgiClient, model_id: str) -> None:
    answer = await _send(anybody, f"/models/{model_id}/0.1.0/try", _text("x"))

    assert (answer.status, answer.headers["location"][:9]) == (303, "/sign-in?")


async def test_results_that_were_deleted(alice: AsgiClient, platform: Platform, model_id: str) -> None:
    address = await _try(alice, model_id, _text("a good day"))
    await _end(platform, _job_of(address))
    async with platform.database.write() as session:
        await session.execute(update(Job).values(results_deleted_at=platform.clock.now()))

    assert "The result was deleted" in words(await look(alice, address))


async def test_hostile_words_are_text(alice: AsgiClient, platform: Platform) -> None:
    entry = {**TEXT_INPUT, "name": 'x"><script>alert(1)', "description": HOSTILE}
    model_id = await add_active(platform.database, CAST.alice, inputs=[entry], explains=True)
    contributions = [{"word": HOSTILE, "start": 0, "end": len(HOSTILE), "contribution": 1}]
    data = {
        "result": {"classPredictions": [{"class": HOSTILE, "score": 0.5}]},
        "explanation": {"wordContributions": contributions, "maskRLE": [[HOSTILE]], "dimensions": {"width": HOSTILE}},
    }

    page = await _result(alice, platform, model_id, {"data": data}, _text(HOSTILE, str(entry["name"])), EXPLAIN)

    assert "<script>alert" not in page


async def test_versions_that_are_not_active_have_no_button(alice: AsgiClient, platform: Platform) -> None:
    model_id = await add_active(platform.database, CAST.alice, status=VersionStatus.INACTIVE)

    assert "try-it" not in await look(alice, f"/models/{model_id}/0.1.0")


@pytest.mark.parametrize(("waited", "again"), [(0, 400), (10_000, 1_000), (3_600_000, 5_000)])
def test_the_longer_it_takes_the_less_often_the_page_looks(waited: int, again: int) -> None:
    assert look_again_after(waited) == again
